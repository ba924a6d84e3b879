import NIOConcurrencyHelpers

/// Room on disk that several spools share: none of them is written when it is used up.
package final class SpoolBudget: Sendable {
    private struct State {
        var used = 0
        var limit: Int

        /// 0 where there is room enough; else 1, and 1 more for each hundredth beyond nine tenths.
        var shortage: Int {
            let beyond = used - (limit - limit / 10)
            return beyond < 0 ? 0 : 1 + beyond / max(1, limit / 100)
        }

        /// Whether room is shorter after the change than before.
        mutating func isShorter(after change: (inout State) -> Void) -> Bool {
            let before = shortage
            change(&self)
            return shortage > before
        }
    }

    private let parent: SpoolBudget?
    private let state: NIOLockedValueBox<State>
    private let onShort: @Sendable () -> Void

    /// - Parameters:
    ///   - parent: What this is a part of: what is taken here is taken there, too.
    ///   - onShort: Called when it came to be nearly used up, with each hundredth that is used beyond that, and when
    ///     somebody is refused; by whoever takes, so it must not wait.
    package init(limit: Int, within parent: SpoolBudget? = nil, onShort: @escaping @Sendable () -> Void = {}) {
        state = NIOLockedValueBox(State(limit: limit))
        self.parent = parent
        self.onShort = onShort
    }

    /// Bytes that are taken.
    package var used: Int { state.withLockedValue(\.used) }

    /// Bytes that there is room for.
    package var limit: Int { state.withLockedValue(\.limit) }

    /// What is taken stays taken, also where it is more.
    package func setLimit(_ limit: Int) {
        if state.withLockedValue({ $0.isShorter { $0.limit = limit } }) { onShort() }
    }

    /// Nearly used up: nine tenths of it.
    package var isShort: Bool { state.withLockedValue(\.shortage) > 0 }

    /// Takes so many bytes, if there is room for them. Whether there was.
    func take(_ bytes: Int) -> Bool {
        guard parent?.take(bytes) ?? true else { return false }
        let (isTaken, isTold) = state.withLockedValue { state in
            guard state.used + bytes <= state.limit else { return (false, true) }
            return (true, state.isShorter { $0.used += bytes })
        }
        if !isTaken { parent?.giveBack(bytes) }
        if isTold { onShort() }
        return isTaken
    }

    /// What was there before: counted, whether there is room for it or not.
    package func adopt(_ bytes: Int) {
        parent?.adopt(bytes)
        if state.withLockedValue({ $0.isShorter { $0.used += bytes } }) { onShort() }
    }

    /// A spool is gone, or came to need less than it took.
    package func giveBack(_ bytes: Int) {
        parent?.giveBack(bytes)
        state.withLockedValue { $0.used = max(0, $0.used - bytes) }
    }
}

extension SpoolBudget: Equatable {
    package static func == (left: SpoolBudget, right: SpoolBudget) -> Bool { left === right }
}

/// What one spool has taken of its budget.
///
/// Its file grows by pieces while the head is written; the tail is taken whole when it begins, as a ring cannot become
/// smaller later. Of that a small part is taken at once, so that the end of the output is kept also where the budget is
/// used up meanwhile.
struct SpoolShare {
    private static let piece = 64 << 10
    private static let leastTail = 16 << 10

    private let budget: SpoolBudget?
    private(set) var taken = 0
    private var reserve = 0

    init(_ budget: SpoolBudget?) {
        self.budget = budget
    }

    /// Whether the file may be made.
    mutating func begin(tail: Int) -> Bool {
        reserve = min(tail, Self.leastTail)
        return take(SpoolFormat.headerSize + reserve)
    }

    /// The file is there, and so long: that was counted when the agent started.
    mutating func takeUp(length: Int, hasTail: Bool, tail: Int) {
        reserve = hasTail ? 0 : min(tail, Self.leastTail)
        taken = budget == nil ? 0 : length
    }

    /// Whether the file, without its tail, may be so long; it will not be longer than `most`.
    mutating func grow(to length: Int, most: Int) -> Bool {
        let missing = length + reserve - taken
        guard missing > 0 else { return true }
        return take(min(max(missing, Self.piece), most + reserve - taken)) || take(missing)
    }

    /// How long the tail may be behind a head that ends at `length`: as asked for, or less. 0: too short for anything.
    mutating func tail(_ wanted: Int, behind length: Int) -> Int {
        guard budget != nil else { return wanted }
        giveBack(taken - reserve - length)
        var tail = wanted
        while tail > reserve, !take(tail - reserve) { tail /= 2 }
        tail = max(tail, reserve)
        return tail < SpoolSpecification.minimumTail ? 0 : tail
    }

    /// The file is closed, and so long.
    mutating func end(length: Int) {
        giveBack(taken - length)
    }

    private mutating func take(_ bytes: Int) -> Bool {
        guard let budget else { return true }
        guard budget.take(bytes) else { return false }
        taken += bytes
        return true
    }

    private mutating func giveBack(_ bytes: Int) {
        guard let budget, bytes > 0 else { return }
        budget.giveBack(bytes)
        taken -= bytes
    }
}
