import JSON
import ReeveProtocol

/// How many services there are, by what they do.
struct ServiceCount {
    private let services: [JSON]

    init(_ services: [JSON]) {
        self.services = services
    }

    /// `3 services: 2 running, 1 failed`; `nil` where there are none.
    var text: String? {
        guard !services.isEmpty else { return nil }
        let words = services.compactMap { $0["status"]?.string }
        let order = ["running", "starting", "waiting", "stopping", "stopped", "completed", "failed"]
        let others = Set(words).subtracting(order).sorted()
        let parts = (order + others).compactMap { word in
            let count = words.count { $0 == word }
            return count > 0 ? "\(count) \(word)" : nil
        }
        return services.count.counted("service", "services") + ": " + parts.joined(separator: ", ")
    }
}
