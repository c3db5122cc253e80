-- Returns a stored event as its envelope was; both columns of the key, so that one partition is read.
SELECT event_id, received_at, type, source, user_id, correlation_id, schema_version, occurred_at,
       attributes, payload::text AS payload, payload_ref, payload_bytes,
       encode(payload_sha256, 'hex') AS payload_sha256
  FROM events
 WHERE event_id = %(event_id)s AND received_at = %(received_at)s
