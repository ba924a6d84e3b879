package import ReeveProtocol

/// What the store may take of the disk: what of its database is in use counts, since a file is not made smaller.
///
/// Nothing that an endpoint has still to get ever goes for want of room. What all of them have goes first; when there is no
/// more of that, clients are refused, and what is left is for what the agent itself has to write down.
package struct StoreSpace: Sendable, Hashable {
    /// Beyond it, what every endpoint has goes before its age.
    package var retention = ByteSize.gibibytes(1)
    package var budget = ByteSize.gibibytes(4)

    /// As ``retention``, but well before anybody is refused.
    var historyLimit: Int { min(retention.bytes, budget.bytes / 4 * 3) }
    var historyFloor: Int { historyLimit / 16 * 15 }
    /// From here on events of clients are refused.
    var publishLimit: Int { budget.bytes / 8 * 7 }
    /// From here down it is told that there is room again, so that it is not told at each step to and fro.
    var easyLimit: Int { budget.bytes / 16 * 13 }
}
