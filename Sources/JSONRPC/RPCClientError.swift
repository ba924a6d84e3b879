/// Why a client cannot go on, other than that the server answered an error (`RPCError`).
package enum RPCClientError: Error, Sendable, Equatable {
    /// The socket cannot be connected to. The number is that of errno: `ENOENT` and `ECONNREFUSED` mean that nobody
    /// is there, `EACCES` and `EPERM` that the caller may not.
    case connect(path: String, errno: CInt)
    /// The connection has ended; whether what was asked for was done is not known.
    case closed
    /// The server sent something that is not JSON-RPC.
    case notUnderstood(String)
}
