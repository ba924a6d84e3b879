import Glibc
import NIOConcurrencyHelpers
import TestSupport

/// Receivers' troubles of every kind, decided by a seed and the request's number, and counted.
final class Trouble: Sendable {
    enum Kind: String, CaseIterable {
        case unavailable, broken, unauthorized, missing, timeout, throttled, later, refused, redirected, gone
        case cut, cutMidway, hang, stall, drip, flood, poison

        /// Those that hold a request until its deadline: rare, since each takes a place for that long.
        static let slow: [Kind] = [.hang, .stall, .drip, .gone, .throttled, .later]
        static let quick = allCases.filter { !slow.contains($0) && $0 != .poison }
    }

    private struct State {
        var isOver = false
        var counts: [Kind: Int] = [:]
    }

    private let state = NIOLockedValueBox(State())
    private let held = HeldAnswers()
    private let seed: UInt64
    /// One request in so many has a slow trouble.
    private let rarity: UInt64

    init(seed: UInt64, rarity: UInt64) {
        self.seed = seed
        self.rarity = rarity
    }

    var counts: [Kind: Int] { state.withLockedValue(\.counts) }

    /// From now on there is none but for what is poison.
    func end() { state.withLockedValue { $0.isOver = true } }

    /// - Parameter isPoison: Whether a receiver refuses an event whenever it comes.
    func decision(_ receiver: UInt64, isPoison: @escaping @Sendable (WebhookReceiver.Request) -> Bool)
        -> WebhookReceiver.Decision
    {
        { [self] request in
            await held.release()
            guard !isPoison(request) else { return answer(.poison) }
            var random = SeededGenerator(seed: seed &+ receiver << 40 &+ UInt64(request.number))
            let isOver = state.withLockedValue(\.isOver)
            guard !isOver else { return .status(204) }
            if random.next() % rarity == 0 { return answer(pick(Kind.slow, &random)) }
            return random.next() % 8 == 0 ? answer(pick(Kind.quick, &random)) : .status(204)
        }
    }

    /// One of those that came least until now: so that all of them come.
    private func pick(_ kinds: [Kind], _ random: inout SeededGenerator) -> Kind {
        let counts = counts
        let least = kinds.map { counts[$0] ?? 0 }.min()
        let rare = kinds.filter { counts[$0] ?? 0 == least }
        return rare[Int(random.next() % UInt64(rare.count))]
    }

    private func answer(_ kind: Kind) -> WebhookReceiver.Answer {
        state.withLockedValue { $0.counts[kind, default: 0] += 1 }
        switch kind {
        case .unavailable: return .status(503, body: "busy")
        case .broken: return .status(500)
        case .unauthorized: return .status(401)
        case .missing: return .status(404)
        case .timeout: return .status(408)
        case .throttled: return .status(429, retryAfter: "1")
        case .later: return .status(503, retryAfter: "Sat, 01 Jan 2000 00:00:00 GMT")
        case .refused: return .status(400, body: "no")
        case .redirected: return .redirect(307, to: "/hook")
        case .gone: return .status(410)
        case .cut: return .cut
        case .cutMidway: return .cutMidway(200)
        case .hang: return .hang
        case .stall: return .stall(200)
        // Each byte when the next request has come, to whichever receiver; if none does, the sender's deadline ends it.
        case .drip: return .drip(200) { [held] in await held.hold() }
        case .flood: return .flood(200)
        case .poison: return .status(422, body: "no such order")
        }
    }
}
