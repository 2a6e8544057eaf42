//! The rules that a deployment chooses.

use mainstay_platform::crypto::token::TokenAlgorithm;
use std::path::PathBuf;
use std::time::Duration;

/// The rules that a deployment chooses.
#[derive(Debug, Clone)]
pub struct Policies {
    /// How long an access token is valid.
    pub access_ttl: Duration,
    /// How long a session lasts without being refreshed.
    pub refresh_ttl: Duration,
    /// Whether an account is used only after its address was confirmed.
    pub confirm_email_first: bool,
    /// How long the link of an invitation works.
    pub invitation_ttl: Duration,
    /// How long a session lasts at the most, however often it is refreshed.
    pub session_max: Duration,
    /// Whether a refresh token that another client repeats ends its session.
    pub strict_refresh: bool,
    /// The algorithm of new signing keys.
    pub token_algorithm: TokenAlgorithm,
    /// How old a signing key becomes before it gets a successor.
    pub key_rotation: Duration,
    /// Whether rate limits apply.
    pub limits: bool,
    /// Characters that a new password has at least.
    pub password_min: usize,
    /// The URL at which clients reach this deployment; links in mail begin with it.
    pub public_url: String,
    /// How often the head of the audit chain is sent to its receiver.
    pub audit_witness_every: Duration,
    /// The folder of Mainstay's files, the anchor of the audit chain among them.
    pub data_dir: PathBuf,
}
