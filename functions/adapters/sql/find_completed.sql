-- Returns what is known of ids that could not be claimed. A statement of its own, because it must see
-- keys that were committed while the claim was waiting for them.
SELECT event_id, payload_sha256, content_sha256
  FROM idempotency_keys
 WHERE event_id = ANY(%(event_ids)s) AND status = 'completed'
