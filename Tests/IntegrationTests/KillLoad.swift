import Glibc
import JSON
import JSONRPC

/// A client that publishes, and remembers what was acknowledged. What was not is published again, with the same ids.
actor Publisher {
    private let name: String
    private let lanes: Int
    private let most: Int
    private(set) var next = 0
    /// The journal's number of each event, by the publisher's id.
    private(set) var acknowledged: [String: Int] = [:]
    private(set) var problems: [String] = []

    /// - Parameters:
    ///   - lanes: In how many lanes its events are.
    ///   - most: Events that it publishes at once.
    init(_ name: String, lanes: Int = 5, most: Int = 4) {
        self.name = name
        self.lanes = lanes
        self.most = most
    }

    /// Publishes some, until it is through or the connection breaks.
    /// - Parameter total: No more than so many in all.
    func work(over client: RPCClient, calls: Int = 8, total: Int = .max) async {
        var left = calls
        while left > 0, next < total {
            left -= 1
            let numbers = next...min(next + next % most, total - 1)
            let ids = numbers.map { "\(name)-\($0)" }
            let events = zip(ids, numbers).map { id, number -> JSON in
                ["type": "test.event", "id": .string(id), "subject": .string("\(name)-\(number % lanes)"), "data": [:]]
            }
            do {
                let answer = try await client.call("event.publish", ["events": .array(events)])
                let receipts = answer["events"]?.array ?? []
                for (id, receipt) in zip(ids, receipts) { acknowledged[id] = receipt["seq"]?.integer }
                if receipts.count != ids.count { problems.append("\(ids) were answered \(answer.text)") }
                next = numbers.upperBound + 1
            } catch let error as RPCError {
                return problems.append("\(ids) were refused: \(error)")
            } catch {
                return
            }
        }
    }
}

/// A client that starts runs by hand, with ids of its own, and changes tasks.
actor Starter {
    private let tasks: [String]
    private var count = 0
    private var unanswered: (task: String, id: String)?
    private var revisions: [String: Int] = [:]
    /// The runs that were answered, and the tasks' revisions.
    private(set) var acknowledged: Set<String> = []
    private(set) var puts: Set<String> = []
    private(set) var problems: [String] = []

    init(_ tasks: [String]) { self.tasks = tasks }

    func work(over client: RPCClient, changing task: JSONObject) async {
        do {
            for _ in 0..<3 { try await startOne(client) }
            try await change(task, client)
        } catch let error as RPCError {
            problems.append("a start or change was refused: \(error)")
        } catch {
            return
        }
    }

    private func startOne(_ client: RPCClient) async throws {
        let start = unanswered ?? (tasks[count % tasks.count], Self.runID(count))
        if unanswered == nil { count += 1 }
        unanswered = start
        let answer = try await client.call("task.run", ["task": .string(start.task), "run": .string(start.id)])
        if answer["run"]?.string != start.id { problems.append("\(start.id) was answered \(answer.text)") }
        acknowledged.insert(start.id)
        unanswered = nil
    }

    private func change(_ task: JSONObject, _ client: RPCClient) async throws {
        let id = task["id"]?.string ?? ""
        var task = task
        task["labels"] = ["change": .string("\(count)")]
        let answer = try await client.call("task.put", ["task": .object(task)])
        guard let revision = answer[at: "task", "revision"]?.integer else {
            return problems.append("task.put answered \(answer.text)")
        }
        if revision < revisions[id] ?? 1 { problems.append("\(id) went back to revision \(revision)") }
        revisions[id] = revision
        puts.insert("\(id) \(revision)")
    }

    /// A UUIDv7 (RFC 9562 §5.7).
    private static func runID(_ count: Int) -> String {
        let milliseconds = hex(UInt64(time(nil)) * 1000, 12)
        let random = UInt64.random(in: .min ... .max)
        return "\(milliseconds.prefix(8))-\(milliseconds.suffix(4))-7\(hex(UInt64(count), 3))-a\(hex(random, 3))-"
            + hex(random >> 12, 12)
    }

    private static func hex(_ value: UInt64, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text.suffix(digits)
    }
}
