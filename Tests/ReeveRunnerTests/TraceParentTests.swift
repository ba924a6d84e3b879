import Testing

@testable import ReeveRunner

@Suite struct TraceParentTests {
    private let run = "019367F2-7a5c-7c3e-9d2b-5f0e6a1b2c3d"

    @Test func `the run is the trace, and each try of a step a span of its own`() throws {
        let texts = try [("a", 1), ("a", 2), ("b", 1)].map { step, attempt in
            try #require(TraceParent(run: run, step: step, attempt: attempt)).description
        }
        #expect(texts.allSatisfy { $0.wholeMatch(of: /00-019367f27a5c7c3e9d2b5f0e6a1b2c3d-[0-9a-f]{16}-01/) != nil })
        #expect(Set(texts).count == 3)
        #expect(TraceParent(run: run, step: "a", attempt: 1)?.description == texts[0])
    }

    @Test(arguments: ["", "1", "00000000-0000-0000-0000-000000000000", "x19367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d"])
    func `what is no UUID is no trace`(run: String) {
        #expect(TraceParent(run: run, step: "a", attempt: 1) == nil)
    }
}
