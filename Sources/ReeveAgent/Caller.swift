import JSON
import ReeveProtocol

/// Who is at the other end of a connection, as the kernel says (`SO_PEERCRED`, unix(7)).
package struct Caller: Sendable, Hashable {
    package var uid: UInt32
    package var gid: UInt32
    package var pid: Int32

    package init(uid: UInt32, gid: UInt32, pid: Int32) {
        self.uid = uid
        self.gid = gid
        self.pid = pid
    }

    /// How changes name who asked for them.
    package var name: String { "uid:\(uid)" }
}

/// What a caller may do.
package enum Role: String, Sendable, CaseIterable {
    /// Methods that tell nothing of the host's work.
    case none
    case publish
    /// Read.
    case observe
    /// Start, stop, pause.
    case operate
    /// Everything.
    case administer

    /// Whether a caller of this role may use a method that needs `needed`.
    ///
    /// `observe` is part of `operate`, which is part of `administer`; `publish` stands apart and is part of
    /// `administer` alone.
    package func grants(_ needed: Role) -> Bool {
        switch (self, needed) {
        case (_, .none), (.administer, _), (.publish, .publish): true
        case (.operate, .operate), (.operate, .observe), (.observe, .observe): true
        default: false
        }
    }
}

/// Decides the role of a caller.
package struct AccessRules: Sendable {
    /// The agent's own user.
    package var owner: UInt32

    package init(owner: UInt32) {
        self.owner = owner
    }

    /// root and the agent's own user administer; everybody else has no role.
    package func role(of caller: Caller) -> Role {
        caller.uid == 0 || caller.uid == owner ? .administer : .none
    }

    func refusal(_ caller: Caller, _ role: Role, method: String, needs needed: Role) -> Failure {
        let holders = owner == 0 ? "root" : "root and uid \(owner)"
        return Failure(
            .forbidden,
            "\(method) needs the role \(needed.rawValue); uid \(caller.uid) has \(role == .none ? "none" : role.rawValue)",
            reason: "the role \(needed.rawValue) is missing",
            hint: "\(holders) may do this",
            details: ["role": .string(role.rawValue), "needs": .string(needed.rawValue)]
        )
    }
}
