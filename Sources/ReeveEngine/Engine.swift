package import Logging
import NIOConcurrencyHelpers

/// Keeps workers running as long as the workers that they depend on run.
///
/// The rules are ``EngineMachine``'s; this is the shell that calls starts, holds workers and tells them to stop. Whatever
/// is asked of it is decided at once, under a lock; what follows from it is done by ``run()``, one thing after another.
///
/// ```swift
/// let engine = try Engine(configuration: .init(), clock: ContinuousClock(), wallTime: { … }, logger: logger)
/// try engine.install([
///     Manifold("store", outputs: [store.declaration]) { _ in
///         let opened = try await Store.open(path)
///         return Started(opened, outputs: [store.output(opened.interface)])
///     },
///     Manifold("scheduler", inputs: [.required(store)]) { inputs in
///         Started(Scheduler(store: try inputs[store]))
///     },
/// ])
/// try await engine.run()
/// ```
package final class Engine: Sendable {
    struct State {
        var machine: EngineMachine
        /// What is to be done, in order. The loop alone takes from it.
        var actions: [EngineAction] = []
        var manifolds: [String: Manifold] = [:]
        var attempts: [Attempt: RunningAttempt] = [:]
        var cells: [String: LiveCell] = [:]
        /// The worst so far.
        var fatal: (any Error)?
        /// The attempts whose worker has not answered for its report yet.
        var asked: [Attempt: Duration] = [:]
        var waiters = EngineWaiters()
        var hasBegun = false
        var hasEnded = false
    }

    /// The tasks of one attempt, and its worker once there is one.
    struct RunningAttempt {
        let starting: Task<Started, any Error>
        let task: Task<Void, Never>
        var started: Started?
    }

    let state: NIOLockedValueBox<State>
    let configuration: EngineConfiguration
    let clock: any Clock<Duration>
    /// The time since the engine was made, by its clock.
    package let elapsed: @Sendable () -> Duration
    let wallTime: @Sendable () -> Int64
    let fatalErrors: FatalErrors
    let logger: Logger
    let onTransition: @Sendable (Transition) -> Void
    let signals: AsyncStream<Void>
    let signal: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - clock: For every wait and limit.
    ///   - wallTime: The date in milliseconds since 1970, for reports.
    ///   - seed: Of the jitter.
    ///   - onTransition: Called for each change of a manifold's state, in order, one at a time. Must not block.
    /// Throws an ``EngineError`` that names what is wrong with the configuration.
    package init(
        configuration: EngineConfiguration,
        clock: any Clock<Duration>,
        wallTime: @escaping @Sendable () -> Int64,
        logger: Logger,
        fatalErrors: FatalErrors = FatalErrors(),
        seed: UInt64 = .random(in: .min ... .max),
        onTransition: @escaping @Sendable (Transition) -> Void = { _ in }
    ) throws(EngineError) {
        state = NIOLockedValueBox(State(machine: try EngineMachine(configuration: configuration, seed: seed)))
        self.configuration = configuration
        self.clock = clock
        elapsed = Self.stopwatch(clock)
        self.wallTime = wallTime
        self.fatalErrors = fatalErrors
        self.logger = logger
        self.onTransition = onTransition
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: The graph

    /// Installs all of these or, if one is refused, none. Throws an ``EngineError``: a name or resource twice, a cycle,
    /// inputs and outputs that do not fit, or the engine is stopping. Unknown inputs are waited for.
    package func install(_ group: [Manifold]) throws(EngineError) {
        try change { state, now throws(EngineError) in
            try state.machine.install(group.map(\.declaration), at: now)
            for manifold in group { state.manifolds[manifold.name] = manifold }
        }
    }

    package func install(_ manifold: Manifold) throws(EngineError) {
        try install([manifold])
    }

    /// Asks these to go, those who need them first stop; all of them, or none if one is unknown. A name is free again
    /// when its worker has ended: ``stopped(_:)`` waits for it.
    package func remove(_ group: [String]) throws(EngineError) {
        try change { state, now throws(EngineError) in try state.machine.remove(group, at: now) }
    }

    package func remove(_ name: String) throws(EngineError) {
        try remove([name])
    }

    // MARK: By hand

    /// Stops it, those who need it first, until it is started again by hand.
    package func stop(_ name: String) throws(EngineError) {
        try change { state, now throws(EngineError) in try state.machine.stop(name, at: now) }
    }

    /// Lets it start: also what was given up, what has completed, and what waits for its next try.
    package func start(_ name: String) throws(EngineError) {
        try change { state, now throws(EngineError) in try state.machine.start(name, at: now) }
    }

    /// Stops and starts it, and with it those who need it. Returns at once.
    package func restart(_ name: String) throws(EngineError) {
        try change { state, now throws(EngineError) in try state.machine.restart(name, at: now) }
    }

    /// Changes the limits of an installed manifold, which neither stops nor bounces it: each counts from the next start,
    /// stop or failure on. Throws an ``EngineError``: it is not installed, a limit cannot be, or the engine is stopping.
    package func setLimits(_ limits: ManifoldLimits, of name: String) throws(EngineError) {
        try change { state, now throws(EngineError) in try state.machine.setLimits(limits, of: name, at: now) }
    }

    /// Begins to stop everything, dependents before what they depend on; ``run()`` returns when that is done, at the
    /// latest when the time is over. Asked again, the time counts anew.
    package func shutdown(within limit: Duration? = nil) {
        change { state, now in state.machine.shutdown(within: limit ?? configuration.shutdownLimit, at: now) }
    }

    // MARK: The inside

    /// Decides under the lock; what is to be done is left to the loop.
    func change<Result, Failure: Error>(
        _ decide: (inout State, Duration) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let now = elapsed()
        let result: Swift.Result<Result, Failure> = state.withLockedValue { state in
            do throws(Failure) {
                let result = try decide(&state, now)
                state.takeActions()
                return .success(result)
            } catch {
                return .failure(error)
            }
        }
        signal.yield()
        return try result.get()
    }

    private static func stopwatch<C: Clock>(_ clock: C) -> @Sendable () -> Duration where C.Duration == Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}

extension Engine.State {
    fileprivate mutating func takeActions() {
        for action in machine.takeActions() {
            switch action {
            case .remove(let name):
                // At once: the name may be given anew before the loop comes to this.
                manifolds[name] = nil
                waiters.changed(name, machine)
            case .tell(let transition):
                waiters.changed(transition.manifold, machine)
            case .start, .stop, .cancel, .present, .absent, .forget, .finish:
                break
            }
            actions.append(action)
        }
    }
}

extension Manifold {
    var declaration: ManifoldDeclaration {
        ManifoldDeclaration(name: name, inputs: inputs, outputs: outputs, limits: limits)
    }
}
