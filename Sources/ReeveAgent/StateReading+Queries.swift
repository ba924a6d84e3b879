import JSON
import ReeveProtocol
import ReeveStore
import ReeveSubmitter

/// What waits for an endpoint.
struct EndpointBacklog: Sendable {
    var pending: Int
    var oldest: Timestamp?
    var deadLetters: Int
}

extension StateReading {
    func backlog(of endpoint: StoredEndpoint) throws -> EndpointBacklog {
        let undelivered = try undelivered(of: endpoint)
        return EndpointBacklog(
            pending: undelivered.count,
            oldest: undelivered.oldest,
            deadLetters: try deadLetterCount(of: endpoint.name)
        )
    }

    /// The task that is due next by the clock, and when.
    func nextDue() throws -> (task: String, time: Timestamp)? {
        guard let time = try earliestFire(), let task = try dueTasks(now: time, limit: 1).first else { return nil }
        return (task.id, time)
    }

    /// The group of the task that a run goes by.
    func group(of run: Run) throws -> String? {
        try definition(task: run.task, revision: run.revision)?.group
    }

    /// The run that a client names; `notFound` if there is none.
    func existingRun(_ name: String) throws -> Run {
        guard let run = try resolve(name) else {
            throw Failure(
                .notFound,
                "there is no run \"\(name)\"",
                path: "/run",
                expected: "a run's id, TASK/NUMBER, or TASK/-1 for the last",
                hint: "reeve runs lists them"
            )
        }
        return run
    }

    /// The task of that id; `notFound` if there is none, with the nearest.
    func namedTask(_ id: String) throws -> StoredTask {
        if let task = try task(id) { return task }
        let near = nearest(id, among: try tasks(limit: 1000).map(\.id))
        throw Failure(
            .notFound,
            "there is no task \"\(id)\"",
            path: "/task",
            hint: near.map { "did you mean \"\($0)\"?" } ?? "reeve ls lists them"
        )
    }

    /// - Parameter path: Where it is named.
    func namedEndpoint(_ name: String, path: String = "/endpoint") throws -> StoredEndpoint {
        if let endpoint = try endpoint(name) { return endpoint }
        let near = nearest(name, among: try endpoints().map(\.name))
        throw Failure(
            .notFound,
            "there is no endpoint \"\(name)\"",
            path: path,
            hint: near.map { "did you mean \"\($0)\"?" } ?? "reeve endpoint ls lists them"
        )
    }

    /// The change of that id or number; `notFound` if the journal does not hold it.
    func namedChange(_ name: String) throws -> StateChange {
        let found = try Int64(name).map { try change(sequence: $0) } ?? change(id: name)
        if let found { return found }
        throw Failure(
            .notFound,
            "the journal holds no event \"\(name)\"",
            path: "/event",
            expected: "the agent's id of an event, or its number"
        )
    }

    /// Tasks by id, those of `reeve run` only if asked for.
    func tasks(after: String?, limit: Int, labels: [String: String], includeAdHoc: Bool) throws -> [StoredTask] {
        var found: [StoredTask] = []
        var last = after
        while found.count < limit {
            let page = try tasks(after: last, limit: 1000)
            guard let end = page.last else { break }
            found += page.filter { task in
                (includeAdHoc || !task.id.hasPrefix(adHocPrefix))
                    && labels.allSatisfy { task.definition.labels?[$0.key] == $0.value }
            }
            last = end.id
        }
        return Array(found.prefix(limit))
    }

    /// The number to deliver from on, exclusively.
    func sequence(of start: EndpointStart) throws -> Int64 {
        switch start {
        case .now: try head()
        case .oldest: try firstSequence().map { $0 - 1 } ?? head()
        case .sequence(let number): number
        case .time(let time): try firstSequence(since: time).map { $0 - 1 } ?? head()
        }
    }
}

/// Where an endpoint begins in the journal.
enum EndpointStart: Sendable, Hashable {
    /// With the next change.
    case now
    /// With the first that the journal still holds.
    case oldest
    /// With the one after that number.
    case sequence(Int64)
    /// With the first since then.
    case time(Timestamp)
}

/// What an event list asks for.
struct ChangeQuery: Sendable {
    var after: Int64
    var limit: Int
    var lane: Lane?
    var type: String?
    var since: Timestamp?
}

/// Changes, and the number to go on from: also where none of what was looked at was wanted.
struct ChangePage: Sendable {
    var changes: [StateChange]
    var next: Int64
}

extension StateReading {
    func changes(_ query: ChangeQuery) throws -> ChangePage {
        let head = try head()
        let changes = try changes(
            after: query.after,
            limit: query.limit,
            lane: query.lane,
            type: query.type,
            since: query.since
        )
        let next = changes.count == query.limit ? changes[changes.count - 1].sequence : max(head, query.after)
        return ChangePage(changes: changes, next: next)
    }
}
