//! The server over real HTTP on a loopback port, with a clock the tests move.
#![cfg(test)]

mod account;
mod console;
mod emails;
mod facebook;
mod farewell;
mod hostile;
mod house;
#[cfg(feature = "practice")]
mod identities;
mod identity;
mod identity_model;
mod journey;
mod kiosk;
mod mail;
mod openapi;
mod other_addresses;
mod peers;
#[cfg(feature = "practice")]
mod practice;
#[cfg(feature = "practice")]
mod practice_sso;
mod provider;
mod rules;
mod secrecy;
mod settings;
mod sign_in;
mod sso;
mod step_up;
mod uploads;
