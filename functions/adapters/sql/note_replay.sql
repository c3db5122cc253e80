-- Notes that a replay or redrive brought an event; a row that is there already, or being written, wins.
-- Its foreign key locks the event's key until the commit, so nobody can delete that meanwhile.
INSERT INTO replays (event_id, replay_id, requested_at)
VALUES (%(event_id)s, %(replay_id)s, %(requested_at)s)
ON CONFLICT (event_id, replay_id) DO NOTHING
