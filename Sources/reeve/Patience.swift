import Glibc
import JSON
import JSONRPC

/// Goes on with what was begun, over restarts of the agent and of its parts.
struct Patience {
    private(set) var session: Session
    /// How long the agent may be away.
    static let limit = Duration.seconds(300)

    /// Whether it is said that the agent is away; where several wait, one says so.
    private let speaks: Bool

    init(_ session: Session, speaks: Bool = true) {
        self.session = session
        self.speaks = speaks
    }

    /// Calls a method that may be called again without harm, until it is answered.
    mutating func call(_ method: String, _ parameters: JSONObject) async throws -> JSON {
        while true {
            do {
                return try await session.call(method, parameters)
            } catch {
                try await recover(from: error)
            }
        }
    }

    /// Takes every item of a subscription, over as many as it needs, until one ends for good.
    ///
    /// - Parameter take: Is given an item; `false` ends the subscription.
    /// - Returns: Why it ended, as the agent says it; `nil` if `take` ended it.
    @discardableResult
    mutating func follow(
        _ method: String,
        _ parameters: JSONObject,
        _ take: (JSON) async throws -> Bool
    ) async throws -> String? {
        var parameters = parameters
        while true {
            do {
                let subscription = try await session.client.subscribe(method, .object(parameters))
                for try await element in subscription {
                    switch element {
                    case .item(let item, let next):
                        guard try await take(item) else { return nil }
                        Self.goOn(&parameters, from: next)
                    case .end(let cause, let next):
                        Self.goOn(&parameters, from: next)
                        if Self.ends.contains(cause) { return cause }
                        if cause != "slowReader" { throw RPCError.stopping }
                    }
                }
            } catch {
                try await recover(from: error)
            }
        }
    }

    /// Causes after which there is nothing to go on with.
    private static let ends: Set<String> = ["ended", "done", "canceled", "removed"]

    private static func goOn(_ parameters: inout JSONObject, from next: JSON?) {
        guard let next, next != .null else { return }
        parameters["after"] = next
        parameters["since"] = nil
    }

    /// Waits until it is worth trying again; throws what cannot be helped by waiting.
    private mutating func recover(from error: any Error) async throws {
        switch error {
        case let error as RPCError where error.kind == "unavailable":
            // A part of the agent restarts, or all of it is about to.
            try await Task.sleep(for: .milliseconds(200), clock: .continuous)
        case RPCClientError.closed: try await reconnect()
        default: throw error
        }
    }

    private mutating func reconnect() async throws {
        let clock = ContinuousClock()
        let end = clock.now + Self.limit
        var delay = Duration.milliseconds(50)
        var hasSaid = false
        while true {
            do {
                let client = try await RPCClient.connect(unixSocket: session.path)
                session = Session(
                    client: client,
                    path: session.path,
                    wantsJSON: session.wantsJSON,
                    zone: session.zone,
                    terminal: session.terminal
                )
                if hasSaid { Standard.say("reeve: the agent is back") }
                return
            } catch {
                guard case .connect(_, let number) = error, [ENOENT, ECONNREFUSED, EAGAIN].contains(number),
                    clock.now < end
                else { throw error }
            }
            if speaks, !hasSaid, delay > .milliseconds(500) {
                hasSaid = true
                Standard.say("reeve: the agent is away; waiting for it")
            }
            try await Task.sleep(for: delay, clock: .continuous)
            delay = min(delay * 2, .seconds(1))
        }
    }
}
