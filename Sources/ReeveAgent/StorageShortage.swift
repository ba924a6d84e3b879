import JSON
import ReeveProtocol
import ReeveStore

/// How near the store is to its budget, and by whom.
struct StorageShortage: Sendable {
    var used: Int
    var space: StoreSpace
    /// `nil`: it is not the journal.
    var hold: JournalHold?

    var measure: String { "\(ByteSize.words(used)) of the disk budget of \(space.budget.words) are in use" }

    var summary: String { "events of clients are refused, for \(measure); \(cause)" }

    private var cause: String {
        guard let hold else {
            return "no endpoint holds the journal: it is tasks, runs and dead letters that are kept"
        }
        return "endpoint \(hold.endpoint) holds the journal from change \(hold.after + 1) on"
    }

    /// What is said of the endpoint that holds the journal.
    var sentence: String {
        guard used < space.publishLimit else { return summary }
        let from = hold.map { " from change \($0.after + 1) on" } ?? ""
        return "it holds the journal\(from), and \(measure)"
    }

    var hint: String {
        guard let hold else { return "raise store.disk.budget, or keep less of runs and dead letters" }
        return "reeve endpoint why \(hold.endpoint) says what it waits for; or raise store.disk.budget"
    }

    var data: JSONObject {
        var data: JSONObject = ["used": .number(String(used)), "budget": .number(String(space.budget.bytes))]
        data["endpoint"] = hold.map { .string($0.endpoint) }
        data["from"] = hold.map { .number(String($0.after + 1)) }
        return data
    }
}
