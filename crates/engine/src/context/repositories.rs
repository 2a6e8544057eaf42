//! The repositories of a transaction or a snapshot.

use mainstay_platform::database::Tx;
use mainstay_repositories as repositories;

macro_rules! repositories {
    ($($(#[$meta:meta])* $method:ident: $repository:ident;)*) => {
        /// The repositories that the engine itself needs, all over the one transaction or snapshot. Those of other
        /// resources are built over [`tx`](Self::tx), for example in a trait that extends this one.
        pub trait Repositories {
            /// The transaction itself, for the repositories of other resources.
            fn tx(&mut self) -> &mut Tx;
            $($(#[$meta])* fn $method(&mut self) -> repositories::$repository<'_> {
                repositories::$repository::new(self.tx())
            })*
        }
    };
}

repositories! {
    /// Accounts.
    users: Users;
    /// Password hashes.
    credentials: Credentials;
    /// The numbered changes of roles, permissions and sessions.
    access_changes: AccessChanges;
    /// Roles.
    roles: Roles;
    /// Sessions.
    sessions: Sessions;
    /// API keys.
    api_keys: ApiKeys;
    /// Exports of everything that is stored about an account.
    data_exports: DataExports;
    /// Devices that have signed in.
    devices: Devices;
    /// The audit trail.
    audit: Audit;
    /// Jobs.
    jobs: Jobs;
    /// Events that wait for the relay.
    outbox: Outbox;
    /// Idempotency records.
    idempotency: Idempotency;
    /// Signing keys.
    signing_keys: SigningKeys;
    /// Tokens of links that work once.
    one_time_tokens: OneTimeTokens;
    /// Codes sent by mail.
    email_codes: EmailCodes;
    /// Codes sent by mail, for step-ups.
    step_up_codes: StepUpCodes;
    /// Tries at what can be guessed.
    tries: Tries;
    /// Denied attempts.
    security_events: SecurityEvents;
}
