/// Gets submissions to one endpoint in the way of its kind. What decides knows no more of a kind than this.
///
/// It may keep what it needs from one try to the next (a connection, an open file) and lets go of it when it is released.
/// A definition that changes gets another one; tries of the old one may still be under way then.
package protocol Carrier: Sendable {
    /// Tries once, and ends by the endpoint's timeout or when the task is cancelled. Several may be under way at once.
    ///
    /// - Parameter submissions: One; or several of different lanes, for which there is one answer. Not empty.
    func carry(_ submissions: [Submission]) async -> Attempt
}

/// What one try was.
package struct Attempt: Sendable {
    package var result: DeliveryResult
    /// What HTTP answered; `nil` without an answer, and for other kinds.
    package var answer: TransportAnswer?
    /// The same try for a shell, without what is secret; empty if it did not come so far.
    package var shellLine: @Sendable () -> String

    package init(
        _ result: DeliveryResult,
        answer: TransportAnswer? = nil,
        shellLine: @escaping @Sendable () -> String = { "" }
    ) {
        self.result = result
        self.answer = answer
        self.shellLine = shellLine
    }

    /// It is the endpoint's trouble: the same will be tried again.
    static func trouble(_ reason: String, shellLine: @escaping @Sendable () -> String = { "" }) -> Attempt {
        Attempt(.trouble(Reply(status: nil, text: reason), after: nil), shellLine: shellLine)
    }
}

/// Who sends.
package struct EventSender: Sendable {
    /// The agent's name, which is the source of its own changes.
    package var agent: String
    package var version: String

    package init(agent: String, version: String) {
        self.agent = agent
        self.version = version
    }
}
