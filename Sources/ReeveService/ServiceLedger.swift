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
    /// How the last process or start ended; what that leads to is not known yet.
    private var end: ServiceEnd?

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
        case .started, .ready, .unready, .healthy, .unhealthy: state.failures < 2 || isPowerOfTwo(state.failures)
        }
    }

    private func isPowerOfTwo(_ number: Int) -> Bool { number.nonzeroBitCount == 1 }

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
    /// - Parameter ends: It ends what runs.
    package mutating func requestTaken(_ request: Int, ends: Bool) {
        guard request > state.request else { return }
        state.request = request
        isDirty = true
        guard ends else { return }
        if state.status.isAlive {
            state.status = .stopping
        } else {
            restAtOnce()
        }
    }

    /// A request that starts what stands still.
    package mutating func released() {
        guard !state.status.isAlive else { return }
        state.status = .waiting
        state.nextTry = nil
        state.failures = 0
        isDirty = true
    }

    private mutating func restAtOnce() {
        state.status = isHeld ? .stopped : .waiting
        state.nextTry = nil
    }

    // MARK: What happens to its process

    package mutating func began(pid: Int, at time: Timestamp) {
        state.starts += 1
        state.pid = pid
        state.status = .starting
        state.startedAt = time
        state.readyAt = nil
        state.health = nil
        state.nextTry = nil
        state.text = nil
        // Of one that fails again and again it is worth knowing how, also while it runs for a moment.
        if state.failures == 0 { forgetEnd() }
        end = nil
        tell(.started, at: time)
    }

    package mutating func becameReady(at time: Timestamp) {
        guard state.status == .starting else { return }
        state.status = .running
        state.readyAt = time
        if state.failures == 0 { state.reason = nil }
        tell(.ready, at: time)
    }

    package mutating func lostReadiness(_ reason: String, at time: Timestamp) {
        guard state.status == .running else { return }
        state.status = .starting
        state.readyAt = nil
        state.reason = reason
        tell(.unready, at: time)
    }

    package mutating func became(_ health: ServiceHealth, _ reason: String?, at time: Timestamp) {
        guard state.health != health else { return }
        state.health = health
        state.reason = reason
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
        state.pid = nil
        state.health = nil
        state.readyAt = nil
        state.text = nil
        state.cause = end.cause
        state.reason = end.reason
        state.exitCode = end.exit?.code
        state.signal = end.exit?.signal
        // A start that failed has ended nothing.
        if end.exit != nil { state.stoppedAt = end.exit?.at ?? time }
        isDirty = true
        guard end.kind == .told else {
            self.end = end
            return
        }
        restAtOnce()
        tell(.stopped, at: time)
    }

    /// An agent before this one went down while a process of it ran.
    package mutating func wasLost(at time: Timestamp) {
        guard state.status.isAlive else { return }
        let reason = "the agent went down while it ran"
        ended(ServiceEnd(.failed, cause: "agentCrashed", reason: reason, exit: nil), at: time)
        end = nil
        restAtOnce()
        tell(.exited, at: time)
    }

    // MARK: What the engine says

    /// The engine's manifold of the service changed its state.
    package mutating func engineSays(_ transition: Transition, at time: Timestamp) {
        guard transition.state == .stopped || transition.state == .failed else { return }
        if transition.failures > 0 { return failed(transition, at: time) }
        if let end, end.kind == .succeeded, transition.retryIn == nil {
            self.end = nil
            state.failures = 0
            state.status = .completed
            tell(.exited, at: time)
        } else if end == nil, !state.status.isAtRest || state.status == .stopped {
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

    /// Its process has run for as long as makes a next failure a first one: what was left out is told.
    package mutating func hasLasted() {
        guard state.failures > 0, state.status.isAlive else { return }
        state.failures = 0
        forgetEnd()
        isDirty = true
        guard var change = heldBack else { return }
        change.omitted = omitted - 1
        change.state = state
        heldBack = nil
        omitted = 0
        changes.append(change)
        bound()
    }

    private mutating func forgetEnd() {
        state.cause = nil
        state.reason = nil
        state.exitCode = nil
        state.signal = nil
    }
}
