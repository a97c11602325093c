"""The local stack: Postgres and Valkey of one's own, a coordinator and a worker, without root."""
