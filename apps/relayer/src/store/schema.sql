-- One statement ends at each line that is empty. BLOB is BYTEA where Postgres reads this.

CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    door TEXT NOT NULL,
    mail BLOB,
    mail_digest BLOB,
    header_digest BLOB,
    reply TEXT,
    answered BIGINT NOT NULL DEFAULT 0,
    errand TEXT,
    chain BIGINT,
    contract BLOB,
    account BLOB,
    nonce BIGINT,
    new_key BLOB,
    opening_key BLOB,
    consent BLOB,
    consent_until BIGINT,
    salt_network TEXT,
    inputs BLOB,
    proof BLOB,
    tx TEXT,
    executable_from BIGINT,
    reason TEXT,
    detail TEXT,
    hint TEXT,
    attempts BIGINT NOT NULL DEFAULT 0,
    due BIGINT NOT NULL,
    lease TEXT,
    lease_until BIGINT NOT NULL DEFAULT 0,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL
)

-- What was refused may be sent again.
CREATE UNIQUE INDEX IF NOT EXISTS jobs_by_mail ON jobs (mail_digest) WHERE state <> 'refused'

CREATE UNIQUE INDEX IF NOT EXISTS jobs_by_header ON jobs (header_digest) WHERE state <> 'refused'

-- What needs no mail is done once for an account and a round.
CREATE UNIQUE INDEX IF NOT EXISTS jobs_without_mail ON jobs (chain, contract, account, errand, nonce)
    WHERE (errand = 'open-round' OR errand = 'execute') AND state <> 'refused' AND state <> 'final'

CREATE INDEX IF NOT EXISTS jobs_due ON jobs (state, due)

CREATE INDEX IF NOT EXISTS jobs_by_account ON jobs (chain, account)

-- Signed headers whose sender was answered: nobody gets a second answer to a mail, whoever hands it in again.
CREATE TABLE IF NOT EXISTS answers (
    header_digest BLOB PRIMARY KEY,
    created BIGINT NOT NULL
)

-- New owners that are more than an address, by their keccak256, which is all that a Subject has of them.
CREATE TABLE IF NOT EXISTS owners (
    hash BLOB PRIMARY KEY,
    owner BLOB NOT NULL,
    created BIGINT NOT NULL
)

-- Whom an account wants to be told when its recovery starts: addresses, a line each. `signed` is the time in what it signed.
CREATE TABLE IF NOT EXISTS watched (
    chain BIGINT NOT NULL,
    account BLOB NOT NULL,
    addresses TEXT NOT NULL,
    signed BIGINT NOT NULL,
    PRIMARY KEY (chain, account)
)

-- Up to which block a chain was looked at.
CREATE TABLE IF NOT EXISTS looked (
    chain BIGINT PRIMARY KEY,
    block BIGINT NOT NULL
)

-- Recoveries of watched accounts, so that each is told of once.
CREATE TABLE IF NOT EXISTS recoveries (
    chain BIGINT NOT NULL,
    contract BLOB NOT NULL,
    account BLOB NOT NULL,
    nonce BIGINT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (chain, contract, account, nonce)
)

-- Notices that were not handed over yet, one to an address.
CREATE TABLE IF NOT EXISTS notices (
    id TEXT PRIMARY KEY,
    chain BIGINT NOT NULL,
    contract BLOB NOT NULL,
    account BLOB NOT NULL,
    nonce BIGINT NOT NULL,
    new_owner BLOB NOT NULL,
    executable_from BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    address TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    due BIGINT NOT NULL,
    lease_until BIGINT NOT NULL DEFAULT 0
)

-- Who is called when a job moves: a wallet for what it asked for, or the operator for all. The secret signs the calls.
CREATE TABLE IF NOT EXISTS hooks (
    id TEXT PRIMARY KEY,
    operator BIGINT NOT NULL,
    url TEXT NOT NULL,
    secret BLOB NOT NULL,
    chain BIGINT,
    account BLOB,
    errand TEXT,
    new_key BLOB,
    created BIGINT NOT NULL
)

-- Calls that were not taken yet. A trigger makes them, in the commit in which the job moves.
CREATE TABLE IF NOT EXISTS calls (
    id TEXT PRIMARY KEY,
    hook TEXT NOT NULL,
    job TEXT NOT NULL,
    state TEXT NOT NULL,
    created BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    due BIGINT NOT NULL,
    lease_until BIGINT NOT NULL DEFAULT 0
)

CREATE INDEX IF NOT EXISTS calls_due ON calls (due)

-- Who may read a job, by the SHA-256 of what only the sender knows.
CREATE TABLE IF NOT EXISTS tickets (
    digest BLOB PRIMARY KEY,
    job TEXT,
    chain BIGINT,
    account BLOB,
    errand TEXT,
    new_key BLOB,
    created BIGINT NOT NULL
)

CREATE TABLE IF NOT EXISTS transactions (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    chain BIGINT NOT NULL,
    sender BLOB NOT NULL,
    nonce BIGINT NOT NULL,
    target BLOB NOT NULL,
    data BLOB NOT NULL,
    gas BIGINT NOT NULL,
    raw BLOB NOT NULL,
    max_fee TEXT NOT NULL,
    tip TEXT NOT NULL,
    hashes TEXT NOT NULL,
    signed BIGINT NOT NULL,
    created BIGINT NOT NULL
)

-- Two transactions with one number exclude one another: the second is never signed.
CREATE UNIQUE INDEX IF NOT EXISTS transactions_by_nonce ON transactions (chain, sender, nonce)
    WHERE state = 'open'

-- What has been spent for an account in a day (UTC).
CREATE TABLE IF NOT EXISTS budgets (
    chain BIGINT NOT NULL,
    account BLOB NOT NULL,
    day BIGINT NOT NULL,
    transactions BIGINT NOT NULL,
    PRIMARY KEY (chain, account, day)
)

CREATE TABLE IF NOT EXISTS leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until BIGINT NOT NULL
)
