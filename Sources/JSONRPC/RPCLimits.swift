/// What one client may ask of the server. Reaching a bound has an error of its own, except where it says otherwise.
package struct RPCLimits: Sendable, Equatable {
    /// Bytes of one message. More: error, and the connection is closed.
    package var messageBytes = 4 << 20
    /// How deep arrays and objects of a message may stand in each other. Deeper: error, and the connection is closed.
    package var depth = 64
    /// Requests in one batch. More: one error for the whole batch.
    package var batch = 1_000
    /// Requests of a connection that are being worked on. At the bound the server stops reading: no error.
    package var inFlight = 256
    /// Waits and subscriptions of a connection, which do not count as in flight.
    package var waits = 1_000
    /// Connections at a time. The next one gets an error and is closed.
    package var connections = 1_024
    /// From the first to the last byte of a message. Longer: error, and the connection is closed.
    package var messageTime = Duration.seconds(30)
    /// Answers that a client does not read. More: the connection is cut, for there is no way to tell it.
    package var unreadBytes = 16 << 20
    /// How long a client with subscriptions may read nothing before they end with the cause `slowReader`.
    package var slowReaderTime = Duration.seconds(30)
    /// How long a client may take to read the last answers once the server closes its connection.
    package var lingerTime = Duration.seconds(5)

    package init() {}
}
