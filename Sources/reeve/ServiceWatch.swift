import JSON
import JSONRPC
import ReeveProtocol

/// Waits until it is known what became of a service that was put, started or stopped.
struct ServiceWatch: Sendable {
    enum End: Sendable {
        /// It is as it is meant to be, or has failed.
        case settled(JSON)
        /// It ran, and ended at once; it is tried again.
        case ended(JSON)
        /// It was not there in time.
        case late(RPCError, String)

        var isThere: Bool {
            if case .late = self { false } else { true }
        }
    }

    let session: Session
    let name: String
    let goal: ServiceGoal
    let limit: Interval

    /// When it is looked whether it has failed meanwhile: nobody waits long for what cannot be started.
    private static let looks = [Interval.milliseconds(300), .seconds(2), .seconds(5), .seconds(10), .seconds(20)]
    /// After this a person is told what is waited for.
    private static let silence = Interval.seconds(2)

    func untilEnd() async throws -> End {
        var patience = Patience(session)
        var waited = Interval.zero
        let failures = try await item(&patience)["failures"]?.integer ?? 0
        for look in Self.looks.filter({ $0 < limit }) + [limit] {
            do {
                let step = Interval(milliseconds: look.milliseconds - waited.milliseconds)
                return .settled(try await wait(step, &patience))
            } catch let error as RPCError where error.kind == "deadline" {
                waited = look
                let word = goal == .settled ? "up" : goal.rawValue
                if waited >= limit { return .late(error, "not \(word) within \(limit)") }
            }
            if let end = try await failure(after: failures, &patience) { return end }
            if waited == Self.silence { try await tell(&patience) }
        }
        throw RPCClientError.notUnderstood("no end of a wait")
    }

    /// It could not be started, or ended before it was ready; it is tried again.
    private func failure(after failures: Int, _ patience: inout Patience) async throws -> End? {
        guard goal == .settled else { return nil }
        let item = try await item(&patience)
        let isWaiting = item["status"]?.string == "waiting" && item["nextTry"]?.string != nil
        // It may be on its next try already.
        return isWaiting || item["failures"]?.integer ?? 0 > failures ? .ended(item) : nil
    }

    private func item(_ patience: inout Patience) async throws -> JSON {
        try await patience.call("service.get", ["service": .string(name)])
    }

    private func tell(_ patience: inout Patience) async throws {
        guard Terminal.standardError.isTerminal, !session.wantsJSON else { return }
        let answer = try await patience.call("service.why", ["service": .string(name)])
        Standard.say("\(name): waiting up to \(limit): \(Table.clean(answer["summary"]?.string ?? "?"))")
    }

    private func wait(_ deadline: Interval, _ patience: inout Patience) async throws -> JSON {
        try await patience.call(
            "service.wait",
            [
                "service": .string(name), "until": .string(goal.rawValue), "deadline": .string(deadline.description),
            ]
        )
    }
}
