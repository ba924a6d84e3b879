import Testing

@testable import ReeveEngine

/// Drives an `EngineMachine` without tasks: it plays the workers, and keeps what the machine asked for.
struct MachineDriver {
    var machine: EngineMachine
    var now = Duration.zero
    /// Whether starts succeed, and workers end, as soon as they are asked to.
    var isObliging: Bool
    /// What has been asked to start and did not answer yet, and what runs, by name.
    private(set) var starting: [String: Attempt] = [:]
    private(set) var running: [String: Attempt] = [:]
    /// What was told to stop and has not ended.
    private(set) var told: [String] = []
    private(set) var cancelled: [String] = []
    /// Every start asked for, with its time.
    private(set) var starts: [(name: String, time: Duration)] = []
    /// The order in which workers and starts were told to stop.
    private(set) var stops: [String] = []
    private(set) var transitions: [Transition] = []
    private(set) var left: [String]?
    private var isSettling = false

    static func rules(_ change: (inout EngineConfiguration) -> Void = { _ in }) -> EngineConfiguration {
        var rules = EngineConfiguration()
        rules.backoff.delay = .seconds(3)
        rules.backoff.factor = 2
        rules.backoff.maximum = .seconds(120)
        rules.backoff.resetAfter = .seconds(60)
        rules.bounceDelay = .seconds(1)
        rules.startLimit = nil
        change(&rules)
        return rules
    }

    init(_ rules: EngineConfiguration = rules(), isObliging: Bool = true, seed: UInt64 = 7) throws {
        machine = try EngineMachine(configuration: rules, seed: seed)
        self.isObliging = isObliging
    }

    // MARK: Requests

    mutating func install(_ manifolds: ManifoldDeclaration...) throws {
        try machine.install(manifolds, at: now)
        settle()
    }

    mutating func remove(_ names: String...) throws {
        try machine.remove(names, at: now)
        settle()
    }

    mutating func request(_ request: (inout EngineMachine, Duration) throws -> Void) throws {
        try request(&machine, now)
        settle()
    }

    mutating func shutdown(within limit: Duration = .seconds(60)) {
        machine.shutdown(within: limit, at: now)
        settle()
    }

    /// Lets time pass, one deadline after another.
    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while let deadline = machine.nextDeadline, deadline <= end {
            now = max(now, deadline)
            machine.timePassed(at: now)
            settle()
        }
        now = end
    }

    /// Lets time pass until the machine's next deadline; answers how long that was.
    @discardableResult
    mutating func passToDeadline() -> Duration? {
        guard let deadline = machine.nextDeadline else { return nil }
        let waited = deadline - now
        pass(waited)
        return waited
    }

    /// As ``passToDeadline()``, where there has to be one.
    mutating func deadline() throws -> Duration {
        let waited = passToDeadline()
        return try #require(waited)
    }

    // MARK: Workers

    mutating func succeed(_ name: String) {
        guard let attempt = starting.removeValue(forKey: name) else { return }
        if machine.started(attempt, at: now) {
            running[name] = attempt
        } else {
            machine.ended(attempt, .completed, at: now)
            told.removeAll { $0 == name }
        }
        settle()
    }

    mutating func end(_ name: String, _ outcome: Outcome = .completed) {
        guard let attempt = running.removeValue(forKey: name) ?? starting.removeValue(forKey: name) else { return }
        told.removeAll { $0 == name }
        machine.ended(attempt, outcome, at: now)
        settle()
    }

    mutating func fail(_ name: String, _ message: String = "X") {
        end(name, .failed(message))
    }

    // MARK: Looking

    func count(_ name: String) -> Int { starts.count { $0.name == name } }

    var report: EngineReport { machine.report(at: now, wallTime: 1_000_000 + now.inMilliseconds) }

    func state(_ name: String) -> ManifoldState? { report[name]?.state }

    // MARK: The inside

    private mutating func settle() {
        // An obliging answer is an event of its own: the loop below takes what comes of it.
        guard !isSettling else { return }
        isSettling = true
        defer { isSettling = false }
        while true {
            let actions = machine.takeActions()
            guard !actions.isEmpty else { return }
            for action in actions { perform(action) }
        }
    }

    private mutating func perform(_ action: EngineAction) {
        switch action {
        case .start(let attempt):
            starting[attempt.manifold] = attempt
            starts.append((attempt.manifold, now))
            if isObliging { succeed(attempt.manifold) }
        case .stop(let attempt):
            stops.append(attempt.manifold)
            told.append(attempt.manifold)
            if isObliging { end(attempt.manifold) }
        case .cancel(let attempt): cancelled.append(attempt.manifold)
        case .tell(let transition): transitions.append(transition)
        case .finish(let names): left = names
        case .present, .absent, .remove, .forget: break
        }
    }
}

extension ManifoldDeclaration {
    /// A manifold that offers a resource of its own name and needs these.
    static func needing(_ name: String, _ inputs: String...) -> ManifoldDeclaration {
        make(name, inputs.map { .required(Resource<Int>($0)) })
    }

    /// A manifold that offers a resource of its own name and is bounced when one of these comes or goes.
    static func using(_ name: String, _ inputs: String...) -> ManifoldDeclaration {
        make(name, inputs.map { .optional(Resource<Int>($0), bounces: true) })
    }

    static func make(_ name: String, _ inputs: [Input] = [], limits: ManifoldLimits = .init()) -> ManifoldDeclaration {
        ManifoldDeclaration(
            name: name,
            inputs: inputs,
            outputs: [Resource<Int>(name).declaration],
            limits: limits
        )
    }
}

extension Duration {
    /// This length, ±10 % and a rounding.
    var spread: ClosedRange<Duration> { self * 0.9 - .milliseconds(1)...self * 1.1 + .milliseconds(1) }
}
