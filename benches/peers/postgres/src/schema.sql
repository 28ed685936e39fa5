-- The payouts, what happened to each, and what is to be told to merchants.
CREATE TABLE payouts (
    id uuid PRIMARY KEY,
    merchant text NOT NULL,
    idempotency_key text NOT NULL,
    fingerprint bytea NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    method text NOT NULL,
    recipient jsonb NOT NULL,
    reference text,
    description text,
    metadata jsonb NOT NULL,
    autoprocess boolean NOT NULL,
    status text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    attempt smallint NOT NULL DEFAULT 0,
    provider_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (merchant, idempotency_key),
    UNIQUE (merchant, reference)
)
-- Every row is rewritten three times: there is room for that on its page, so that no index is touched.
WITH (fillfactor = 45, autovacuum_vacuum_scale_factor = 0.05);

-- What waits to be sent. A table of its own, and not a partial index on the status, because an index that
-- knows the status would have to be changed with it, and with it all others.
CREATE TABLE ready (
    payout_id uuid PRIMARY KEY
)
WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE TABLE payout_history (
    payout_id uuid NOT NULL,
    version integer NOT NULL,
    from_status text,
    to_status text NOT NULL,
    evidence text,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (payout_id, version)
);

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payout_id uuid NOT NULL,
    merchant text NOT NULL,
    type text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
