-- Notes a failed attempt, after the attempt itself was rolled back. Never touches an event that is stored.
INSERT INTO idempotency_keys AS known (
       event_id, payload_sha256, content_sha256, status, attempts, first_seen_at, updated_at, received_at,
       queued_at, last_error_code, errors, type, source, user_id, correlation_id)
VALUES (%(event_id)s, decode(%(payload_sha256)s, 'hex'), decode(%(content_sha256)s, 'hex'), %(status)s, 1,
        now(), now(),
        LEAST(%(received_at)s, now()), %(queued_at)s, %(code)s,
        -- What is not known is left out: a message that ingest sent has no replay_id.
        jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
            'at', now(), 'code', %(code)s::text, 'message', %(message)s::text, 'attempt', 1,
            'queued_at', %(queued_at)s::timestamptz, 'outcome', %(outcome)s::text,
            'replay_id', %(replay_id)s::text))),
        %(type)s, %(source)s, %(user_id)s, %(correlation_id)s)
ON CONFLICT (event_id) DO UPDATE
   SET payload_sha256 = excluded.payload_sha256,
       content_sha256 = excluded.content_sha256,
       status = excluded.status,
       attempts = known.attempts + 1,
       updated_at = now(),
       received_at = excluded.received_at,
       queued_at = LEAST(known.queued_at, excluded.queued_at),
       last_error_code = excluded.last_error_code,
       -- Twenty at most, the oldest goes.
       errors = CASE WHEN jsonb_array_length(known.errors) < 20 THEN known.errors ELSE known.errors - 0 END
             || jsonb_set(excluded.errors->0, '{attempt}', to_jsonb(known.attempts + 1)),
       type = excluded.type,
       source = excluded.source,
       user_id = excluded.user_id,
       correlation_id = excluded.correlation_id
 WHERE known.status <> 'completed'
