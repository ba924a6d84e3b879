/// Runs what does not end by itself for as long as `body` runs. That it was cancelled then is no failure.
package func running(
    _ endless: @escaping @Sendable () async throws -> Void,
    while body: () async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await endless() }
        try await body()
        group.cancelAll()
        while let result = await group.nextResult() {
            if case .failure(let error) = result, !(error is CancellationError) { throw error }
        }
    }
}
