-- Claims and stores any number of events: one statement, one commit, one round trip.
-- Returns a row for every event that is new; the others were stored before.
WITH incoming AS (
    -- The same id may come twice in one batch; the first delivery is the event.
    SELECT DISTINCT ON (event_id)
           event_id,
           -- A clock that runs ahead in front of us must not choose a partition that does not exist yet.
           LEAST(received_at, now()) AS received_at,
           type, source, user_id, correlation_id, schema_version, occurred_at,
           attributes, payload, payload_ref, payload_bytes, queued_at,
           decode(payload_sha256, 'hex') AS payload_sha256,
           decode(content_sha256, 'hex') AS content_sha256
      FROM jsonb_to_recordset(%(events)s::jsonb) AS sent (
               position integer, event_id text, received_at timestamptz, type text, source text, user_id text,
               correlation_id text, schema_version text, occurred_at timestamptz, attributes jsonb,
               payload text, payload_ref jsonb, payload_bytes bigint, payload_sha256 text,
               content_sha256 text, queued_at timestamptz)
     ORDER BY event_id, position
), claimed AS (
    INSERT INTO idempotency_keys AS known (
           event_id, payload_sha256, content_sha256, status, attempts, first_seen_at, updated_at, completed_at,
           received_at, queued_at)
    SELECT event_id, payload_sha256, content_sha256, 'completed', 1, now(), now(), now(), received_at, queued_at
      FROM incoming
     -- Two batches that share ids lock them in the same order; otherwise they would deadlock.
     ORDER BY event_id
    ON CONFLICT (event_id) DO UPDATE
       SET payload_sha256 = excluded.payload_sha256,
           content_sha256 = excluded.content_sha256,
           status = 'completed',
           attempts = known.attempts + 1,
           updated_at = now(),
           completed_at = now(),
           received_at = excluded.received_at,
           -- A redrive sends the event in another message; the timeline begins with the first.
           queued_at = LEAST(known.queued_at, excluded.queued_at)
     -- A failed attempt never stands in the way of a later one.
     WHERE known.status <> 'completed'
    RETURNING event_id, payload_sha256, content_sha256
), stored AS (
    INSERT INTO events (
           event_id, received_at, type, source, user_id, correlation_id, schema_version, occurred_at,
           attributes, payload, payload_ref, payload_bytes, payload_sha256)
    SELECT event_id, received_at, type, source, user_id, correlation_id, schema_version, occurred_at,
           attributes, payload::json, payload_ref, payload_bytes, incoming.payload_sha256
      FROM incoming JOIN claimed USING (event_id)
)
SELECT event_id, payload_sha256, content_sha256 FROM claimed
