/// What bounds the memory of one endpoint, whatever waits for it in the journal, and what all do at once.
package struct SubmitterLimits: Sendable {
    /// Changes between the cursor and the last one read.
    package var window = 1000
    /// The bytes of those of them that are not delivered yet.
    package var windowBytes = 4 << 20
    /// Changes read at once.
    package var page = 256
    /// Lanes that the cursor may leave behind; with more the endpoint reads no further.
    package var laggards = 1000
    /// Changes in one submission; also what is read of a laggard at once.
    package var submission = 100
    /// The bytes at which a submission is cut. A single change may be larger.
    package var submissionBytes = 256 << 10

    /// Requests under way to all endpoints together; one for each endpoint where there are more.
    package var requests = 256

    package init() {}
}
