package import ReeveProtocol

extension Zone {
    /// The time as the region's clocks show it, with the offset: `2026-11-21T04:20:11+01:00`; milliseconds only where
    /// there are any, seconds of the offset never (only times before 1972 have them).
    package func localText(of time: Timestamp) -> String {
        let offset = offset(at: time)
        let shifted = Timestamp(milliseconds: time.milliseconds.addingSaturated(offset * 1000)).description
        let whole = shifted.hasSuffix(".000Z") ? shifted.dropLast(5) : shifted.dropLast()
        guard offset != 0 else { return whole + "Z" }
        func padded(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let (hours, minutes) = (abs(offset) / 3600, abs(offset) / 60 % 60)
        return "\(whole)\(offset < 0 ? "-" : "+")\(padded(hours)):\(padded(minutes))"
    }

    /// When the region's clocks show that local time, in milliseconds since their 1970-01-01T00:00.
    ///
    /// Of a time that comes twice it is the first; one that the clocks skip is the first moment after the gap; `nil`
    /// where three hours or more are left out.
    func time(ofLocal local: Int64) -> Timestamp? {
        let second = local.flooredDivision(by: 1000).quotient
        // Offsets are within 26 hours of UTC: start where the local clock surely showed an earlier time.
        var current: Stretch? = stretch(at: second.addingSaturated(-27 * 3600))
        guard (Self.beginning...Self.end - 27 * 3600).contains(second) else {
            let edge = stretch(at: second)
            return Timestamp(milliseconds: local.addingSaturated(-edge.offset * 1000))
        }
        while let stretch = current {
            if second < stretch.localStart {
                let gap = stretch.localStart - firstNewLocalSecond(in: stretch)
                return gap < 3 * 3600 ? Timestamp(seconds: stretch.start) : nil
            }
            if second < stretch.localEnd { return Timestamp(milliseconds: local - stretch.offset * 1000) }
            current = self.stretch(after: stretch)
        }
        return nil
    }
}
