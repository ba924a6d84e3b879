package import ReeveEngine
package import ReeveProtocol
package import ReeveStore

/// What is known of one service, and what of it is not recorded yet.
///
/// Facts come in from the process and from the engine; a state and the changes that tell of it come out, for the store.
/// A crash loop is told at the 1st, 2nd, 4th, 8th … failure in a row, with the number: what was left out in between is
/// told as soon as a process has lasted. Memory is bounded, however long the store is away.
package struct ServiceLedger: Sendable {
    /// More changes than this are not kept for a store that is away; how many were left out is told.
    package static let mostChanges = 64

    package private(set) var state: ServiceState
    package private(set) var changes: [ServiceChange] = []
    /// There is something to record.
    package private(set) var isDirty = false
    private let ids: @Sendable (Timestamp) -> String
    /// It stands still by hand.
    package var isHeld = false
    /// Left out since the last change that was told, with the last of them.
    private var heldBack: ServiceChange?
    private var omitted = 0
    /// How often the present process became ready or healthy, or ceased to be.
    private var flaps = 0
    /// How the last process or start ended; what that leads to is not known yet.
    private var end: ServiceEnd?
    /// A request puts another process in the place of the last one: what is still said of that leads to nothing.
    private var isReplaced = false

    /// The latest change was left out: ``hasLasted()`` tells it, once things have been quiet for a while.
    package var isHoldingBack: Bool { heldBack != nil }

    /// - Parameters:
    ///   - state: As it was recorded last.
    ///   - ids: Makes the ids of changes.
    package init(
        _ state: ServiceState,
        ids: @escaping @Sendable (Timestamp) -> String
    ) {
        self.state = state
        self.ids = ids
    }

    /// The agent has started: what has ended by itself or was given up is started again, as everything is.
    package mutating func beginLife() {
        state.failures = 0
        state.nextTry = nil
        guard state.status == .failed || state.status == .completed else { return }
        state.status = .waiting
        isDirty = true
    }

    // MARK: Recording

    /// What to record now: these are handed over, and come back by ``failedToRecord(_:)`` if that fails.
    package mutating func takeChanges() -> [ServiceChange] {
        defer {
            changes = []
            isDirty = false
        }
        return changes
    }

    package mutating func failedToRecord(_ taken: [ServiceChange]) {
        changes = taken + changes
        isDirty = true
        bound()
    }

    private mutating func tell(_ kind: ServiceChange.Kind, at time: Timestamp) {
        let change = ServiceChange(id: ids(time), kind: kind, state: state, at: time, omitted: omitted)
        isDirty = true
        guard isTold(kind) else {
            omitted += 1
            heldBack = change
            return
        }
        heldBack = nil
        omitted = 0
        changes.append(change)
        bound()
    }

    private func isTold(_ kind: ServiceChange.Kind) -> Bool {
        switch kind {
        case .stopped: true
        case .failed, .exited: state.status == .failed || state.failures < 2 || isPowerOfTwo(state.failures)
        case .started: state.failures < 2 || isPowerOfTwo(state.failures)
        case .ready, .unready, .healthy, .unhealthy:
            (state.failures < 2 || isPowerOfTwo(state.failures)) && (flaps < Self.mostFlaps || isPowerOfTwo(flaps))
        }
    }

    private func isPowerOfTwo(_ number: Int) -> Bool { number.nonzeroBitCount == 1 }

    /// So many changes of readiness and health of one process are told each.
    private static let mostFlaps = 32

    /// The oldest go first: what a service came to is in the latest.
    private mutating func bound() {
        guard changes.count > Self.mostChanges else { return }
        let excess = changes.count - Self.mostChanges
        let dropped = changes[..<excess].reduce(0) { $0 + $1.omitted + 1 }
        changes.removeFirst(excess)
        changes[0].omitted += dropped
    }

    // MARK: What clients asked

    /// A request is being carried out from now on: what runs is on its way to its end, or nothing runs.
    /// - Parameter cause: Why it ends what runs; `nil` if it does not.
    package mutating func requestTaken(_ request: Int, ends cause: ServiceStopCause?, at time: Timestamp) {
        guard request > state.request else { return }
        state.request = request
        isDirty = true
        guard let cause else { return }
        // What it is to be from now on has not failed yet.
        state.failures = 0
        isReplaced = true
        guard !state.status.isAlive else {
            state.status = .stopping
            return
        }
        let wasStopped = state.status == .stopped
        restAtOnce()
        // Nothing of it ends by this, and yet it is another thing from now on.
        guard isHeld, !wasStopped else { return }
        state.cause = cause.word
        state.reason = cause.text
        tell(.stopped, at: time)
    }

    /// A request that starts what stands still.
    package mutating func released() {
        guard !state.status.isAlive else { return }
        state.status = .waiting
        state.nextTry = nil
        state.failures = 0
        isReplaced = true
        isDirty = true
    }

    private mutating func restAtOnce() {
        state.status = isHeld ? .stopped : .waiting
        state.nextTry = nil
    }

    // MARK: What happens to its process

    package mutating func began(pid: Int, notEnforced: [String] = [], at time: Timestamp) {
        // A bounce of the part that keeps it came before the engine's word on how the last one ended.
        settle(at: time)
        isReplaced = false
        state.starts += 1
        state.pid = pid
        state.notEnforced = notEnforced.isEmpty ? nil : notEnforced
        flaps = 0
        state.status = .starting
        state.startedAt = time
        state.readyAt = nil
        state.health = nil
        state.nextTry = nil
        state.text = nil
        // Of one that fails again and again it is worth knowing how, also while it runs for a moment.
        if state.failures == 0 { forgetEnd() }
        tell(.started, at: time)
    }

    package mutating func becameReady(at time: Timestamp) {
        guard state.status == .starting else { return }
        state.status = .running
        state.readyAt = time
        if state.failures == 0 { state.reason = nil }
        flaps += 1
        tell(.ready, at: time)
    }

    package mutating func lostReadiness(_ reason: String, at time: Timestamp) {
        guard state.status == .running else { return }
        state.status = .starting
        state.readyAt = nil
        state.reason = reason
        flaps += 1
        tell(.unready, at: time)
    }

    package mutating func became(_ health: ServiceHealth, _ reason: String?, at time: Timestamp) {
        guard state.health != health else { return }
        state.health = health
        state.reason = reason
        flaps += 1
        tell(health == .healthy ? .healthy : .unhealthy, at: time)
    }

    /// Its process has handed over to another one.
    package mutating func isNow(pid: Int) {
        guard state.status.isAlive, state.pid != pid else { return }
        state.pid = pid
        isDirty = true
    }

    package mutating func said(_ text: String) {
        guard state.text != text else { return }
        state.text = text
        isDirty = true
    }

    package mutating func isStopping() {
        guard state.status != .stopping else { return }
        state.status = .stopping
        isDirty = true
    }

    /// Its process ended, or a start failed. What that leads to is for the engine to say.
    package mutating func ended(_ end: ServiceEnd, at time: Timestamp) {
        // Whoever ends an agent in a hurry may tell of an end that was heard of already.
        guard end.kind != .told || state.status.isAlive else { return }
        state.lostProcess(
            cause: end.cause,
            reason: end.reason,
            exitCode: end.exit?.code,
            signal: end.exit?.signal,
            coreDumped: end.exit?.verdict.coreDumped ?? false
        )
        if let exit = end.exit {
            state.stoppedAt = exit.at
        } else {
            // A start that failed has ended nothing, and was the other's.
            isReplaced = false
        }
        isDirty = true
        guard end.kind == .told else {
            self.end = end
            return
        }
        restAtOnce()
        tell(.stopped, at: time)
    }

    /// It did its work before, and is not to do it again.
    package mutating func hadCompleted() {
        guard !state.status.isAlive, state.status != .completed else { return }
        isReplaced = false
        state.status = .completed
        isDirty = true
    }

    /// The engine keeps it no longer, and says nothing more of it.
    package mutating func hasLeft(at time: Timestamp) {
        settle(at: time)
        guard state.status.isAlive else { return }
        restAtOnce()
        isDirty = true
    }

    /// It ended by itself while it was to end anyway: nobody says what that leads to, for it leads to nothing.
    private mutating func settle(at time: Timestamp) {
        guard end != nil else { return }
        end = nil
        restAtOnce()
        tell(.exited, at: time)
    }

    /// It cannot be kept at all.
    package mutating func refused(_ reason: String, at time: Timestamp) {
        state.status = .failed
        state.cause = "refused"
        state.reason = reason
        tell(.failed, at: time)
    }

    // MARK: What the engine says

    /// The engine's manifold of the service changed its state.
    package mutating func engineSays(_ transition: Transition, at time: Timestamp) {
        guard transition.state == .stopped || transition.state == .failed else { return }
        if transition.failures > 0, !isReplaced { return failed(transition, at: time) }
        if !isReplaced, end?.kind == .succeeded, transition.rest == .completed {
            end = nil
            state.failures = 0
            state.status = .completed
            tell(.exited, at: time)
        } else if end != nil {
            settle(at: time)
        } else if !state.status.isAtRest || state.status == .stopped {
            let status: ServiceStatus = isHeld ? .stopped : .waiting
            guard state.status != status, !state.status.isAlive else { return }
            state.status = status
            state.nextTry = nil
            isDirty = true
        }
    }

    private mutating func failed(_ transition: Transition, at time: Timestamp) {
        let hasRun = end?.exit != nil
        state.failures = transition.failures
        state.nextTry = transition.retryIn.map { time + Interval($0) }
        state.status = transition.state == .failed ? .failed : .waiting
        if end == nil {
            state.cause = "startFailed"
            state.reason = transition.reason
        }
        end = nil
        // One that is not to be tried again has simply ended; one that was tried too often is given up.
        if hasRun { tell(.exited, at: time) }
        if !hasRun || state.status == .failed { tell(.failed, at: time) }
    }

    // MARK: Time

    /// Its process has run for as long as makes a next failure a first one, or has been quiet for that long: what was left
    /// out is told.
    package mutating func hasLasted() {
        guard state.status.isAlive else { return }
        flaps = 0
        if state.failures > 0 {
            state.failures = 0
            forgetEnd()
            isDirty = true
        }
        tellHeldBack()
    }

    /// Nothing may come after what was left out.
    package mutating func tellHeldBack() {
        guard var change = heldBack else { return }
        change.omitted = omitted - 1
        change.state = state
        heldBack = nil
        omitted = 0
        changes.append(change)
        isDirty = true
        bound()
    }

    private mutating func forgetEnd() {
        state.cause = nil
        state.reason = nil
        state.exitCode = nil
        state.signal = nil
        state.coreDumped = nil
    }
}
