package import ReeveProcess

/// How much of the output of runs is kept on disk.
package struct OutputQuota: Sendable {
    /// Bytes of each try of a step.
    package var perStep: Int
    /// Bytes of all steps of a run.
    package var perRun: Int
    /// Of all runs that are not removed yet.
    package var total: SpoolBudget

    package init(perStep: Int, perRun: Int, total: SpoolBudget) {
        self.perStep = perStep
        self.perRun = perRun
        self.total = total
    }
}
