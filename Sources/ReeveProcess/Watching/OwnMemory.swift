import Glibc

/// The most memory that this process itself had resident so far, in bytes.
func ownMaximumResident() -> Int64 {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return Int64(usage.ru_maxrss) * 1024
}
