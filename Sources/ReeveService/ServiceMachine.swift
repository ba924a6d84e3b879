package import ReeveLaunch
package import ReeveProtocol

/// The life of one process of a service: what happened goes in, what is to be done comes out.
///
/// It holds no process, timer or clock. Times are counted from any start. Whether the service runs again afterwards is
/// not decided here: that is the engine's part.
package struct ServiceMachine: Sendable {
    package enum Event: Sendable, Equatable {
        /// Said by the process (sd_notify(3)).
        case saidReady
        case saidReloading
        case saidStopping
        case saidAlive
        case saidWatchdogFailed
        /// It asks for this much time from now on.
        case askedForTime(Duration)
        case saidStatus(String)
        /// The probe of its readiness succeeded.
        case wasSeenReady
        case health(ProbeMachine.Verdict)
        case timeIsOver(Timer)
        /// It is to end, and why.
        case stopRequested(ServiceStopCause)
        case ended(ServiceExit)
    }

    package enum Timer: Sendable, Hashable, CaseIterable {
        /// To become ready.
        case readiness
        /// To give a sign of life.
        case watchdog
        /// Between the signal to end and the kill.
        case grace
    }

    package enum Action: Sendable, Equatable {
        /// Wake it with `timeIsOver` after this; in the place of an earlier one of the same timer.
        case arm(Timer, after: Duration)
        case disarm(Timer)
        /// Tell those who depend on it, and the record.
        case becameReady
        /// It runs on: those that depend on its readiness need not notice.
        case isReloading
        case lostReadiness(reason: String)
        case became(ProbeMachine.Verdict)
        case said(String)
        /// Begin to ask for its health.
        case beginProbing
        case stopping
        /// To the process and its group.
        case signal(Int32)
        /// Everything that it has started, and itself if it lives.
        case kill
        /// Nothing of it runs any more.
        case finish(ServiceEnd)
    }

    private enum Phase: Equatable {
        case starting
        case ready
        case reloading
        /// It said that it is ending by itself.
        case leaving
        case stopping(Ending)
        case over
    }

    /// Why it is being ended.
    private enum Ending: Equatable {
        case told(ServiceStopCause)
        /// It did not do what it has to.
        case failed(cause: String, reason: String)
    }

    private let readiness: ReadinessDefinition?
    private let watchdog: Duration?
    private let restartsUnhealthy: Bool
    /// As it was put last: this may change while the process runs.
    package var stop: StopDefinition
    private var phase: Phase
    private var deadlines: [Timer: Duration] = [:]

    /// - Parameter isReady: It was ready already when this machine took it over.
    package init(_ definition: ServiceDefinition, isReady: Bool = false) {
        readiness = definition.ready
        watchdog = definition.watchdog?.duration
        restartsUnhealthy = definition.probe?.unhealthy == .restart
        stop = definition.stop ?? StopDefinition()
        phase = isReady ? .ready : .starting
    }

    package var isReady: Bool { phase == .ready }

    /// What is to be done first, for a process that has just been started or taken over.
    package mutating func begin(at now: Duration) -> [Action] {
        if phase == .ready { return enterReady(at: now, isNews: true) }
        guard readiness != nil else { return becomeReady(at: now) }
        return arm(.readiness, readinessTimeout, at: now)
    }

    package mutating func handle(_ event: Event, at now: Duration) -> [Action] {
        switch event {
        case .saidReady: saidReady(at: now)
        case .saidReloading: saidReloading(at: now)
        case .saidStopping: saidStopping(at: now)
        case .saidAlive: saidAlive(at: now)
        case .saidWatchdogFailed: fail("watchdog", "it said that its watchdog failed", signal: 6, at: now)
        case .askedForTime(let time): askedForTime(time, at: now)
        case .saidStatus(let text): phase == .over ? [] : [.said(text)]
        case .wasSeenReady: phase == .starting ? becomeReady(at: now) : []
        case .health(let verdict): health(verdict, at: now)
        case .timeIsOver(let timer): timeIsOver(timer, at: now)
        case .stopRequested(let cause): stopRequested(cause, at: now)
        case .ended(let exit): ended(exit)
        }
    }

    // MARK: Readiness

    private mutating func saidReady(at now: Duration) -> [Action] {
        switch phase {
        case .starting where readiness?.signal == .notify, .reloading: becomeReady(at: now)
        case .starting, .ready, .leaving, .stopping, .over: []
        }
    }

    private mutating func becomeReady(at now: Duration) -> [Action] {
        let isFirst = phase == .starting
        phase = .ready
        return disarm(.readiness) + enterReady(at: now, isNews: isFirst)
    }

    private mutating func enterReady(at now: Duration, isNews: Bool) -> [Action] {
        var actions: [Action] = [.becameReady]
        if isNews {
            if let watchdog { actions += arm(.watchdog, watchdog, at: now) }
            actions.append(.beginProbing)
        }
        return actions
    }

    /// It has as long to be ready again as it had at its start.
    private mutating func saidReloading(at now: Duration) -> [Action] {
        guard phase == .ready else { return [] }
        phase = .reloading
        return [.isReloading] + arm(.readiness, readinessTimeout, at: now)
    }

    /// It ends by itself, and has as long for that as if it were told to.
    private mutating func saidStopping(at now: Duration) -> [Action] {
        switch phase {
        case .starting, .ready, .reloading:
            let wasReady = phase != .starting
            phase = .leaving
            let lost: [Action] = wasReady ? [.lostReadiness(reason: "it said that it is stopping")] : []
            return lost + disarm(.readiness) + disarm(.watchdog) + arm(.grace, grace, at: now)
        case .leaving, .stopping, .over: return []
        }
    }

    private var readinessTimeout: Duration { (readiness?.timeout ?? ReadinessDefinition.defaultTimeout).duration }
    private var grace: Duration { stop.effectiveGrace.duration }

    // MARK: Signs of life

    private mutating func saidAlive(at now: Duration) -> [Action] {
        guard let watchdog, phase == .ready || phase == .reloading else { return [] }
        return arm(.watchdog, watchdog, at: now)
    }

    /// Only ever more time than there was (sd_notify(3), `EXTEND_TIMEOUT_USEC=`).
    private mutating func askedForTime(_ time: Duration, at now: Duration) -> [Action] {
        let timer: Timer
        switch phase {
        case .starting, .reloading: timer = .readiness
        case .leaving, .stopping: timer = .grace
        case .ready, .over: return []
        }
        guard let deadline = deadlines[timer], now + time > deadline else { return [] }
        return arm(timer, time, at: now)
    }

    private mutating func health(_ verdict: ProbeMachine.Verdict, at now: Duration) -> [Action] {
        switch phase {
        case .leaving, .stopping, .over: return []
        case .starting, .ready, .reloading: break
        }
        guard case .unhealthy(let reason) = verdict, restartsUnhealthy else { return [.became(verdict)] }
        return [.became(verdict)] + fail("unhealthy", "it was unhealthy: \(reason)", at: now)
    }

    // MARK: The end

    private mutating func timeIsOver(_ timer: Timer, at now: Duration) -> [Action] {
        // One that was armed anew meanwhile comes later.
        guard let deadline = deadlines[timer], deadline <= now else { return [] }
        deadlines[timer] = nil
        switch (timer, phase) {
        case (.readiness, .starting):
            return fail("notReady", "it was not ready within \(Interval(readinessTimeout))", at: now)
        case (.readiness, .reloading):
            return fail(
                "notReady",
                "it was not ready again within \(Interval(readinessTimeout)) of its reload",
                at: now
            )
        case (.watchdog, .ready), (.watchdog, .reloading):
            // As systemd does: with a core, to see where it hangs.
            return fail("watchdog", "it gave no sign of life for \(Interval(watchdog ?? .zero))", signal: 6, at: now)
        case (.grace, .stopping), (.grace, .leaving): return [.kill]
        default: return []
        }
    }

    private mutating func stopRequested(_ cause: ServiceStopCause, at now: Duration) -> [Action] {
        switch phase {
        case .starting, .ready, .reloading, .leaving:
            return end(.told(cause), signal: stop.signalNumber, at: now)
        case .stopping(.failed):
            // It is on its way already; that somebody wants it ended now is what counts.
            phase = .stopping(.told(cause))
            return []
        case .stopping, .over: return []
        }
    }

    private mutating func fail(_ cause: String, _ reason: String, signal: Int32? = nil, at now: Duration) -> [Action] {
        switch phase {
        case .starting, .ready, .reloading:
            return end(.failed(cause: cause, reason: reason), signal: signal ?? stop.signalNumber, at: now)
        case .leaving, .stopping, .over: return []
        }
    }

    private mutating func end(_ ending: Ending, signal: Int32, at now: Duration) -> [Action] {
        phase = .stopping(ending)
        return disarm(.readiness) + disarm(.watchdog) + [.stopping, .signal(signal)] + arm(.grace, grace, at: now)
    }

    private mutating func ended(_ exit: ServiceExit) -> [Action] {
        guard phase != .over else { return [] }
        let end = end(after: exit)
        phase = .over
        return Timer.allCases.flatMap { disarm($0) } + [.kill, .finish(end)]
    }

    private func end(after exit: ServiceExit) -> ServiceEnd {
        switch phase {
        case .stopping(.told(let cause)):
            ServiceEnd(.told, cause: cause.word, reason: cause.text, exit: exit)
        case .stopping(.failed(let cause, let reason)):
            ServiceEnd(.failed, cause: cause, reason: "\(reason), and was ended", exit: exit)
        case .starting where exit.isSuccess && readiness != nil:
            ServiceEnd(.failed, cause: "notReady", reason: "exited with 0 before it was ready", exit: exit)
        case .starting, .ready, .reloading, .leaving, .over:
            ServiceEnd(exit.isSuccess ? .succeeded : .failed, cause: exit.cause, reason: exit.reason, exit: exit)
        }
    }

    // MARK: Timers

    private mutating func arm(_ timer: Timer, _ delay: Duration, at now: Duration) -> [Action] {
        deadlines[timer] = now + delay
        return [.arm(timer, after: delay)]
    }

    private mutating func disarm(_ timer: Timer) -> [Action] {
        deadlines.removeValue(forKey: timer) == nil ? [] : [.disarm(timer)]
    }
}

/// Why a service's process is told to end.
package enum ServiceStopCause: Sendable, Hashable {
    /// By hand: who, and what for.
    case requested(String)
    case restarted(String)
    /// What it requires is not there any more, or is not in the state that it requires.
    case requirement
    case changed
    case removed
    case agentStopped

    /// The stable word.
    package var word: String {
        switch self {
        case .requested: "requested"
        case .restarted: "restart"
        case .requirement: "requirement"
        case .changed: "changed"
        case .removed: "removed"
        case .agentStopped: "agentStopped"
        }
    }

    /// The same for people.
    package var text: String {
        switch self {
        case .requested(let by): "stopped \(by)"
        case .restarted(let by): "to be restarted \(by)"
        case .requirement: "what it requires went away"
        case .changed: "its definition was changed"
        case .removed: "it was removed"
        case .agentStopped: "the agent was stopped"
        }
    }
}

/// How a process ended.
package struct ServiceExit: Sendable, Hashable {
    package var verdict: ProcessVerdict
    package var at: Timestamp

    package init(_ verdict: ProcessVerdict, at: Timestamp) {
        self.verdict = verdict
        self.at = at
    }

    package init(code: Int?, signal: Int?, at: Timestamp) {
        self.init(ProcessVerdict(exitCode: code, signal: signal), at: at)
    }

    package var code: Int? { verdict.exitCode }
    package var signal: Int? { verdict.signal }
    package var isSuccess: Bool { verdict.isSuccess }
    var cause: String { verdict.cause }
    var reason: String { verdict.reason }
}

/// What a process's end means for its service.
package struct ServiceEnd: Sendable, Hashable {
    package enum Kind: Sendable {
        case succeeded, failed
        /// It was told to.
        case told
    }

    package var kind: Kind
    package var cause: String
    package var reason: String
    /// Absent where it could not be started.
    package var exit: ServiceExit?

    package init(_ kind: Kind, cause: String, reason: String, exit: ServiceExit?) {
        self.kind = kind
        self.cause = cause
        self.reason = reason
        self.exit = exit
    }
}
