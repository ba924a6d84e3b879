import ReeveProcess
import ReeveProtocol
import ReeveRunner
import ReeveStore
import ReeveSubmitter

/// The last of runs' output, for endpoints that ask for it: of a run that has ended that of the step that made it end as
/// it did.
struct RunTails: OutputTails {
    var store: Store
    var paths: RunPaths

    func tail(ofRun id: String, bytes: Int) async -> String? {
        // A run that is forgotten, and output that cannot be read, have none.
        guard let run = try? await store.read({ try $0.run(id) }) ?? nil else { return nil }
        let hasEnded = run.status == .stopped
        let step = run.steps.first {
            hasEnded && $0.status == .stopped && $0.outcome != .succeeded && $0.outcome != .skipped
        }
        guard let page = try? RunOutput(of: run, paths: paths, step: step?.name)?.read(tail: bytes) else { return nil }
        return String(tail: page.pieces.flatMap(\.chunk.bytes))
    }
}
