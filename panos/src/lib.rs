//! An asynchronous client for the PAN-OS XML API.
