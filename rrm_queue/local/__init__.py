"""The local stack: the user's own Postgres and Valkey, a coordinator and a worker, without root."""
