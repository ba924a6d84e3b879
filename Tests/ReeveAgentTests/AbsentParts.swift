@testable import ReeveAgent
@testable import ReeveEngine

extension Parts {
    /// The parts of an agent of which none is there.
    static var away: Parts {
        Parts(
            storeHandle: Live(cell: LiveCell()),
            processesHandle: Live(cell: LiveCell()),
            runnerHandle: Live(cell: LiveCell()),
            servicesHandle: Live(cell: LiveCell()),
            submitterHandle: Live(cell: LiveCell()),
            schedulerHandle: Live(cell: LiveCell()),
            dropInsHandle: Live(cell: LiveCell())
        )
    }
}
