import Glibc
import JSON
import JSONRPC

extension Estate {
    /// Starts a daemon, loads it, and kills it at a moment: counted from when it is ready, or from its very start.
    func lifeAndDeath(
        after moment: Duration,
        isWaitedFor: Bool,
        load: @escaping @Sendable (RPCClient) async -> Void
    ) async throws {
        let daemon = try start()
        do {
            if isWaitedFor { try await daemon.ready() }
            try await withThrowingTaskGroup { group in
                if isWaitedFor {
                    group.addTask {
                        // It may be dead already.
                        guard let client = try? await daemon.connect() else { return }
                        await load(client)
                        await client.close()
                    }
                }
                // Nothing is waited for here: the moment is to be any.
                group.addTask {
                    try await Task.sleep(for: moment, clock: ContinuousClock())
                    await daemon.killed()
                }
                try await group.waitForAll()
            }
        } catch {
            await daemon.killed()
            throw error
        }
    }
}

extension RPCClient {
    /// All pages of a list.
    func pages(_ method: String, _ member: String) async throws -> [JSON] {
        var all: [JSON] = []
        var parameters: JSONObject = ["limit": 1000]
        while true {
            let page = try await call(method, .object(parameters))
            let items = page[member]?.array ?? []
            all += items
            guard let next = page["next"], !next.isNull, !items.isEmpty else { return all }
            parameters["after"] = next
        }
    }
}
