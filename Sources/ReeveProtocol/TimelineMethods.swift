/// Parameters of `schedule.timeline`.
package struct TimelineParameters: Sendable, Decodable {
    /// How far to look ahead; a day if absent.
    package var `for`: Interval?
    /// How many parts of equal length that time is divided into.
    package var cells: Int?
    /// How many times of each task to answer beside the counts.
    package var times: Int?
    /// Only these, and whether or not they are due.
    package var tasks: [String]?
    package var limit: Int?
    package var timeZone: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case `for`, cells, times, tasks, limit, timeZone
    }
}
