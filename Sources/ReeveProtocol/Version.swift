/// The version of reeve: of the daemon, the client and the contract alike.
package let version = "0.1.0"
