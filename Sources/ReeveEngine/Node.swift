/// A manifold as the machine knows it: its declaration, and where it is in its life.
struct Node: Sendable {
    enum Phase: Sendable, Equatable {
        /// Nothing runs. It starts as soon as it may: see `EngineMachine.settle`.
        case idle
        /// A start is due.
        case waiting(until: Duration)
        case starting
        case running
        /// To be stopped, once those who use it have stopped. What it offers is away already.
        case draining
        /// Told to stop.
        case stopping
    }

    typealias Rest = ManifoldReport.Rest

    struct Failure: Sendable {
        var message: String
        var time: Duration
    }

    let name: String
    var declaration: ManifoldDeclaration
    /// The slots of its inputs' and outputs' resources, in the order of the declaration.
    let inputs: [Int]
    let outputs: [Int]
    /// The order of installation.
    let order: UInt64

    var phase = Phase.idle
    var attempt: UInt64 = 0
    /// When the present phase began.
    var since: Duration
    /// The deadline of the present phase; 0 for none.
    var ticket: UInt64 = 0
    /// Its required inputs that are not there.
    var absentInputs: Int
    /// The inputs that were there when it was started, and whose absence stops or bounces it.
    var boundInputs: [Int] = []
    /// Why it does not start though its inputs are there.
    var rest: Rest?
    /// It was told to stop in order to start again after the bounce delay.
    var bounces = false
    /// It is to be forgotten when it has stopped.
    var isRemoved = false
    /// It did not stop in time: nobody waits for it any more.
    var isOverdue = false
    /// Its start did not end in time, which is a failure: what to say of it.
    var startFailure: String?

    var starts = 0
    var failures = 0
    /// When it failed, as far back as the failure limit's window.
    var failureTimes: [Duration] = []
    var lastFailure: Failure?

    /// Something of it runs, and those who it uses wait for its end.
    var isActive: Bool {
        switch phase {
        case .idle, .waiting: false
        case .starting, .running, .draining, .stopping: !isOverdue
        }
    }

    var state: ManifoldState {
        switch phase {
        case .idle, .waiting: rest == .failed ? .failed : .stopped
        case .starting: .starting
        case .running: .started
        case .draining, .stopping: .stopping
        }
    }
}

/// What the machine has to know of a manifold.
package struct ManifoldDeclaration: Sendable, Equatable {
    package var name: String
    package var inputs: [Input]
    package var outputs: [ResourceDeclaration]
    package var limits: ManifoldLimits

    package init(
        name: String,
        inputs: [Input] = [],
        outputs: [ResourceDeclaration] = [],
        limits: ManifoldLimits = ManifoldLimits()
    ) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.limits = limits
    }
}

/// A resource as the machine knows it; it exists while somebody offers or wants it.
struct ResourceNode: Sendable {
    let name: String
    var provider: Int?
    var isPresent = false
    /// Who wants it.
    var dependents: [Int: Input.Kind] = [:]
    /// How many of those are active; and how many were started with it and are stopped or bounced when it goes.
    var active = 0
    var activeBound = 0
}
