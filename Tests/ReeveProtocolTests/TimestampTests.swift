import ReeveProtocol
import TestSupport
import Testing

struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-21T03:20:11.120Z", 1_795_231_211_120),
        ("2026-11-21T04:20:11.12+01:00", 1_795_231_211_120),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2000-02-29T12:00:00Z", 951_825_600_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
    ])
    func `reads RFC 3339`(text: String, milliseconds: Int64) {
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21T03:20:11", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z",
        "2026-11-21T03:60:00Z", "2026-11-21T03:20:61Z", "2026-11-21T03:20:11.Z", "2026-11-21T03:20:11Z ",
        "2026-11-21T03:20:11+1:00", "+026-11-21T03:20:11Z",
    ])
    func `refuses what is no such time`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `what it writes reads back as the same instant`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            let time = Timestamp(
                milliseconds: .random(in: -62_135_596_800_000...253_402_300_799_999, using: &generator)
            )
            #expect(Timestamp(time.description) == time)
        }
    }

    @Test(arguments: [("1h30m", 5_400_000), ("250ms", 250), ("7d", 604_800_000), ("0s", 0), ("1m1s1ms", 61_001)])
    func `intervals read and write`(text: String, milliseconds: Int64) {
        let interval = Interval(text)
        #expect(interval?.milliseconds == milliseconds)
        #expect(interval?.description == text)
    }

    @Test(arguments: ["", "5", "s", "-5s", "1.5h", "5 s", "9223372036854775807d", "1h-", "1y"])
    func `what is no interval is refused`(text: String) {
        #expect(Interval(text) == nil)
    }

    @Test func `ids sort in the order in which they were made, also when the clock goes back`() {
        var generator = UUIDv7Generator()
        let times: [Int64] = [5, 5, 6, 3, 6, 7, 7, 1, 900]
        let ids = times.map { generator.next(at: Timestamp(milliseconds: 1_795_231_211_120 + $0)) }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy(isUUIDv7))
    }
}
