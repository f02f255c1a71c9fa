//! What servers do with single messages, and what the properties say of histories made by hand.
