@testable import ReeveEngine

/// Plays the workers of an `EngineMachine` at random, and checks after every event what must always hold.
struct World {
    /// What runs or is about to, as the workers see it.
    struct Life {
        let attempt: Attempt
        var isStarted = false
        var isTold = false
        var isOverdue = false
    }

    private(set) var machine: EngineMachine
    /// What was found to be wrong.
    private(set) var faults: [String] = []
    private(set) var lives: [Attempt: Life] = [:]
    private(set) var left: [String]?
    /// How many events of each kind there were that changed something.
    private(set) var tally: [String: Int] = [:]
    var events: Int { tally.values.reduce(0, +) }
    private var now = Duration.zero
    private var random: SplitMix64
    private var present: Set<String> = []
    private var isShuttingDown = false
    private var isOrdered = true

    static let pool = (0..<12).map { "m\($0)" }

    init(seed: UInt64) throws {
        random = SplitMix64(seed: seed)
        let rules = MachineDriver.rules {
            $0.startLimit = .seconds(20)
            $0.stopLimit = .seconds(10)
            $0.shutdownLimit = .seconds(25)
            $0.failureLimit = FailureLimit(count: 4, window: .seconds(30))
        }
        machine = try EngineMachine(configuration: rules, seed: seed)
    }

    // MARK: Random events

    mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<12: install()
        case 12..<15: request("remove", names(upTo: 2)) { try $0.remove($1, at: $2) }
        case 15..<18: request("stop", name()) { try $0.stop($1, at: $2) }
        case 18..<22: request("start", name()) { try $0.start($1, at: $2) }
        case 22..<26: request("restart", name()) { try $0.restart($1, at: $2) }
        case 26..<29: request("setLimits", (name(), limits())) { try $0.setLimits($1.1, of: $1.0, at: $2) }
        case 29..<60: answerStart()
        case 60..<75: endTold()
        case 75..<82: endRunning()
        default: passTime()
        }
        perform()
        check()
    }

    private mutating func name() -> String { Self.pool.randomElement(using: &random)! }

    private mutating func names(upTo count: Int) -> [String] {
        (0..<Int.random(in: 1...count, using: &random)).map { _ in name() }
    }

    /// One that is refused changes nothing.
    private mutating func request<Argument>(
        _ kind: String,
        _ argument: Argument,
        _ request: (inout EngineMachine, Argument, Duration) throws -> Void
    ) {
        guard (try? request(&machine, argument, now)) != nil else { return }
        tally[kind, default: 0] += 1
    }

    private mutating func limits() -> ManifoldLimits {
        var limits = ManifoldLimits()
        func seconds(_ range: ClosedRange<Int>) -> Duration { .seconds(Int.random(in: range, using: &random)) }
        if Bool.random(using: &random) { limits.start = seconds(1...30) }
        // Not zero: then nobody could answer in time.
        if Bool.random(using: &random) { limits.stop = seconds(1...20) }
        if Bool.random(using: &random) {
            limits.failures = FailureLimit(count: Int.random(in: 1...5, using: &random), window: seconds(0...60))
        }
        if Bool.random(using: &random) {
            limits.backoff = BackoffPolicy(delay: seconds(0...5), factor: 2, maximum: seconds(0...9))
        }
        return limits
    }

    private mutating func install() {
        let group = names(upTo: 3).map { name in
            ManifoldDeclaration.make(name, (0..<Int.random(in: 0..<4, using: &random)).map { _ in input() })
        }
        let before = machine.names.count
        do {
            try machine.install(group, at: now)
            tally["install", default: 0] += 1
        } catch {
            note(machine.names.count == before, "a refused group left something behind")
        }
    }

    private mutating func input() -> Input {
        let resource = Resource<Int>(name())
        switch Int.random(in: 0..<6, using: &random) {
        case 0..<3: return .required(resource)
        case 3: return .optional(resource, bounces: true)
        case 4: return .optional(resource)
        default: return .live(resource)
        }
    }

    private mutating func pick(_ isWanted: (Life) -> Bool) -> Life? {
        lives.values.filter(isWanted).sorted { $0.attempt.number < $1.attempt.number }.randomElement(using: &random)
    }

    private mutating func answerStart() {
        guard let life = pick({ !$0.isStarted && !$0.isTold }) else { return }
        if Int.random(in: 0..<5, using: &random) == 0 { return end(life, outcome()) }
        succeed(life)
    }

    private mutating func succeed(_ life: Life) {
        if machine.started(life.attempt, at: now) {
            lives[life.attempt]?.isStarted = true
            tally["started", default: 0] += 1
        } else {
            note(life.isTold, "\(life.attempt.manifold): its worker was refused unasked")
            end(life, .completed)
        }
    }

    private mutating func endTold() {
        guard let life = pick({ $0.isTold }) else { return }
        // Some starts do not notice that they are cancelled, and bring a worker all the same.
        if !life.isStarted, Bool.random(using: &random) { succeed(life) } else { end(life, outcome()) }
    }

    private mutating func endRunning() {
        guard let life = pick({ $0.isStarted && !$0.isTold }) else { return }
        end(life, outcome())
    }

    private mutating func outcome() -> Outcome {
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<2: .completed
        case 2..<5: .bounced
        case 5: .uninstalled
        case 6..<8: .missing("something")
        default: .failed("trouble")
        }
    }

    private mutating func end(_ life: Life, _ outcome: Outcome) {
        lives[life.attempt] = nil
        tally["\(outcome)".prefix { $0 != "(" }.description, default: 0] += 1
        machine.ended(life.attempt, outcome, at: now)
    }

    private mutating func passTime() {
        let deadline = machine.nextDeadline ?? now
        let jump = Duration.milliseconds(Int64.random(in: 0..<4000, using: &random))
        now = Bool.random(using: &random) ? max(now, deadline) : now + jump
        machine.timePassed(at: now)
        tally["time", default: 0] += 1
    }

    // MARK: The end

    /// From here on everybody does what is asked, until nothing is left to do.
    mutating func comeToRest() {
        for _ in 0..<10_000 {
            if let life = pick({ $0.isTold }) {
                end(life, .completed)
            } else if let life = pick({ !$0.isStarted }) {
                succeed(life)
            } else if let deadline = machine.nextDeadline {
                now = max(now, deadline)
                machine.timePassed(at: now)
            } else {
                return
            }
            perform()
            check()
        }
        note(false, "it does not come to rest")
    }

    /// Some of those who are told to stop never do. Answers who.
    ///
    /// - Parameter fatally: Somebody who runs ends with a fatal error, where there is somebody.
    mutating func shutDown(stubborn: Int, fatally: Bool) -> Set<String> {
        isShuttingDown = true
        let limit = machine.configuration.shutdownLimit
        let end = now + limit
        if fatally, let life = pick({ $0.isStarted }) {
            // Those who need it are told at once then, not in order.
            isOrdered = false
            self.end(life, .fatal("the end"))
        } else {
            machine.shutdown(within: limit, at: now)
        }
        perform()
        var refusing: Set<String> = []
        for _ in 0..<1000 where left == nil {
            if let life = pick({ $0.isTold && !refusing.contains($0.attempt.manifold) }) {
                if refusing.count < stubborn {
                    refusing.insert(life.attempt.manifold)
                } else {
                    self.end(life, outcome())
                }
            } else if let deadline = machine.nextDeadline {
                now = max(now, deadline)
                if now >= end { isOrdered = false }
                machine.timePassed(at: now)
            }
            perform()
            check()
        }
        note(left != nil, "the shutdown does not end")
        note(now <= end, "the shutdown took longer than its limit")
        return refusing
    }

    // MARK: Checks

    private mutating func perform() {
        for action in machine.takeActions() {
            note(left == nil, "something is asked for after the end: \(action)")
            switch action {
            case .start(let attempt): checkStart(attempt)
            case .stop(let attempt): checkStop(attempt)
            case .cancel(let attempt): lives[attempt]?.isOverdue = true
            case .present(let attempt): present.insert(attempt.manifold)
            case .absent(let resources): present.subtract(resources)
            case .finish(let names): left = names
            case .remove, .forget, .tell: break
            }
        }
    }

    private mutating func checkStart(_ attempt: Attempt) {
        let others = lives.values.filter { $0.attempt.manifold == attempt.manifold }
        note(others.isEmpty, "\(attempt.manifold) is started beside itself")
        note(!isShuttingDown, "\(attempt.manifold) is started in a shutdown")
        lives[attempt] = Life(attempt: attempt)
    }

    private mutating func checkStop(_ attempt: Attempt) {
        lives[attempt]?.isTold = true
        guard isShuttingDown, isOrdered, let node = machine.names[attempt.manifold] else { return }
        for output in machine.nodes[node].outputs {
            for (user, _) in machine.resources[output].dependents {
                let name = machine.nodes[user].name
                let runs = lives.values.contains { $0.attempt.manifold == name && !$0.isOverdue }
                note(!runs, "\(attempt.manifold) is told to stop before \(name)")
            }
        }
    }

    /// What must hold between two events.
    private mutating func check() {
        let report = machine.report(at: now, wallTime: 0)
        var running: Set<String> = []
        for life in lives.values where life.isStarted && !life.isTold { running.insert(life.attempt.manifold) }
        for manifold in report.manifolds {
            check(manifold, running)
        }
        let shown = Set(report.manifolds.flatMap(\.inputs).filter(\.isPresent).map(\.resource))
        note(shown.isSubset(of: present), "the report shows what is not there")
    }

    private mutating func check(_ manifold: ManifoldReport, _ running: Set<String>) {
        guard manifold.state == .starting || manifold.state == .started else { return }
        for input in manifold.inputs where input.kind == .required {
            note(running.contains(input.resource), "\(manifold.name) is up without \(input.resource)")
        }
    }

    /// Once at rest: what is allowed to run and has what it needs is running.
    mutating func checkRest() {
        let report = machine.report(at: now, wallTime: 0)
        let willing = report.manifolds.filter { $0.rest == nil }
        var expected: Set<String> = []
        while true {
            let more = willing.filter { manifold in
                !expected.contains(manifold.name)
                    && manifold.inputs.allSatisfy { $0.kind != .required || expected.contains($0.resource) }
            }
            if more.isEmpty { break }
            expected.formUnion(more.map(\.name))
        }
        let started = Set(report.manifolds.filter { $0.state == .started }.map(\.name))
        note(started == expected, "runs: \(started.sorted()), should: \(expected.sorted())")
        note(present == expected, "present: \(present.sorted()), should be: \(expected.sorted())")
    }

    private mutating func note(_ holds: Bool, _ fault: String) {
        if !holds, faults.count < 5 { faults.append("event \(events): \(fault)") }
    }
}
