import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveScheduler

@Suite struct ZoneTests {
    @Test(arguments: [
        ("Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00"),
        ("Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00"),
        ("America/New_York", "2098-07-01T12:00:00Z", "2098-07-01T08:00:00-04:00"),
        ("America/New_York", "2098-12-01T12:00:00Z", "2098-12-01T07:00:00-05:00"),
        ("Asia/Kathmandu", "2026-01-01T00:00:00.120Z", "2026-01-01T05:45:00.120+05:45"),
        ("Africa/Casablanca", "2026-02-20T12:00:00Z", "2026-02-20T12:00:00Z"),
        ("Australia/Lord_Howe", "2060-01-01T00:00:00Z", "2060-01-01T11:00:00+11:00"),
        ("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T23:59:59-10:00"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31T00:00:00+14:00"),
        ("UTC", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("GMT-3:30", "2026-01-01T00:00:00Z", "2025-12-31T20:30:00-03:30"),
    ])
    func `shows the local time with its offset`(_ zone: String, _ instant: String, _ expected: String) throws {
        #expect(try zones.zone(named: zone).localText(of: try time(instant)) == expected)
    }

    @Test(arguments: [
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2060-07-01T12:00:00Z", 7200),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2060-12-01T12:00:00Z", 3600),
        ("EST5EDT", "2060-07-01T12:00:00Z", -14_400),
        ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2060-12-01T12:00:00Z", 39_600),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2060-03-27T23:59:00Z", -7200),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2060-03-28T01:00:00Z", -3600),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "2060-07-01T12:00:00Z", 3600),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "2060-12-01T12:00:00Z", 0),
        ("XXX3EDT4,0/0,J365/23", "2060-07-01T12:00:00Z", -14_400),
        ("XXX3EDT4,0/0,J365/23", "2060-01-01T03:59:00Z", -14_400),
        ("AAA0BBB,J60,J300", "2060-02-29T12:00:00Z", 0),
        ("AAA0BBB,J60,J300", "2060-03-01T12:00:00Z", 3600),
        ("UTC0", "2060-07-01T12:00:00Z", 0),
    ])
    func `reads rules as TZ holds them`(_ rule: String, _ instant: String, _ offset: Int64) throws {
        #expect(
            try ZoneDatabase(directory: "/nonexistent").hostZone(named: rule).offset(at: try time(instant)) == offset
        )
    }

    @Test(arguments: [
        "", "C", "CET", "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-99", "CET-1CEST,J0,J1",
        "CET-1CEST,M3.5.0,M10.5.0/3x", "<CET-1",
    ])
    func `refuses what is no rule`(_ text: String) {
        #expect(ZoneRule(text) == nil)
    }

    @Test func `broken zone files give no zone, whatever is in them`() throws {
        var generator = SeededGenerator(seed: 7)
        let rule = Array("\nCET-1CEST,M3.5.0,M10.5.0/3\n".utf8)
        let header = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 39)
        for _ in 0..<3000 {
            var bytes = header + header + rule
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = ZoneFile.zone(bytes, name: "X")
            _ = ZoneFile.zone(Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &generator))), name: "X")
        }
        #expect(ZoneFile.zone([], name: "X") == nil)
    }

    @Test(arguments: [
        (nil, "/usr/share/zoneinfo/Etc/UTC", "Etc/UTC"),
        (nil, "../usr/share/zoneinfo/America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
        (nil, nil, "UTC"),
        ("", "/usr/share/zoneinfo/Europe/Berlin", "UTC"),
        (":Asia/Tokyo", "/usr/share/zoneinfo/Europe/Berlin", "Asia/Tokyo"),
        ("/usr/share/zoneinfo/posix/Asia/Tokyo", nil, "Asia/Tokyo"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", nil, "CET-1CEST,M3.5.0,M10.5.0/3"),
    ])
    func `finds the name of the host's zone`(_ variable: String?, _ link: String?, _ expected: String) {
        #expect(HostZone.name(environmentTZ: variable, localtimeLink: link) == expected)
    }

    @Test func `the fingerprint changes with the host's zone`() throws {
        let berlin = zones.fingerprint(hostZone: try zones.zone(named: "Europe/Berlin"))
        #expect(berlin == zones.fingerprint(hostZone: try zones.zone(named: "Europe/Berlin")))
        #expect(berlin != zones.fingerprint(hostZone: .utc))
    }
}
