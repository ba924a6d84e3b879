import JSON

/// What requires services that are not there, or are about to go.
struct ServiceDependents {
    let session: Session

    /// - Parameter haveGone: Whether nothing of them runs any more, or they were only asked to go.
    func tell(of names: [String], haveGone: Bool) async throws {
        guard !session.wantsJSON else { return }
        let services = try await session.list("service.list", [:], "services")["services"]?.array ?? []
        let waiting = Self.waiting(for: names, among: services)
        guard !waiting.isEmpty else { return }
        let words = haveGone ? "what requires it waits now" : "what requires it stops first, and waits then"
        Standard.say("  \(words): \(waiting.joined(separator: ", "))")
    }

    /// These wait for nothing.
    private static let atRest: Set<String> = ["stopped", "completed", "failed"]

    /// All that can no longer run, in the order in which they would be started again.
    static func waiting(for names: [String], among services: [JSON]) -> [String] {
        var gone = Set(names)
        var found: [String] = []
        while let next = services.first(where: { service in
            guard let name = service["name"]?.string, !gone.contains(name) else { return false }
            guard let status = service["status"]?.string, !atRest.contains(status) else { return false }
            return !gone.isDisjoint(with: ServiceOrder.required(by: service))
        })?["name"]?.string {
            gone.insert(next)
            found.append(next)
        }
        return found
    }
}
