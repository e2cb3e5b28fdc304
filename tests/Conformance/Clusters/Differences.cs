using Orleans.Runtime;

namespace Dpark.Conformance.Clusters;

/// <summary>
/// Where the embedded runtime keeps more than the official one does. Grain code may count on neither. All that differ are named here and in
/// <c>docs/embedded-runtime.md</c>; a test that uses one of them fails when it is there no longer.
/// </summary>
internal static class Differences
{
    private static readonly bool IsOfficial = typeof(IGrain).Assembly.GetName().Name == "Orleans.Core.Abstractions";

    /// <summary>A request that comes to a silo which had the grain before makes the new activation there, whatever its hint says.</summary>
    public static bool MovedGrainsMayReturn => IsOfficial;

    /// <summary>A call whose grain is deactivated again and again runs out of forwards and is refused; it has not run then.</summary>
    public static bool CallsOfMovingGrainsMayBeRefused => IsOfficial;

    /// <summary>For about a second after a gateway is lost, calls that would take it are refused; they have not run then.</summary>
    public static bool CallsMayBeRefusedAfterALostGateway => IsOfficial;

    /// <summary>A message that is too large ends its connection, and is sent again on the next one until its call has timed out.</summary>
    public static bool TooLargeMessagesAreSentAgain => IsOfficial;

    /// <summary>The directors see numbers of activations that are up to a second old.</summary>
    public static bool ActivationCountsLag => IsOfficial;

    /// <summary>
    /// Whether a silo that is restarted now in another process gets another address. Official generations are seconds since 2022: within the second in which it started it would
    /// have the one that it had, and not start.
    /// </summary>
    public static bool IsGenerationOver(SiloAddress silo) =>
        !IsOfficial || TimeProvider.System.GetUtcNow() >= new DateTimeOffset(2022, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(silo.Generation + 1d);

    /// <summary>A bit array is filled up to whole bytes, and the values of one key of a name-value collection become one.</summary>
    public static bool BitArraysAndNameValuesChange => IsOfficial;

    /// <summary>An enum without <c>[GenerateSerializer]</c> in a member of type object becomes its number.</summary>
    public static bool UnmarkedEnumsInObjectsAreNumbers => IsOfficial;

    /// <summary>Idle workers of a stateless grain are kept for longer than a test waits, whatever the period of inspection is.</summary>
    public static bool IdleWorkersStay => IsOfficial;

    /// <summary>A step of a stream that waits for the end of its activation may be given up by its caller before.</summary>
    public static bool StepsMayTimeOutAtDeactivation => IsOfficial;

    /// <summary>A client without a gateway and without a retry filter waits for one in its start, for ever.</summary>
    public static bool ClientsWaitForAGateway => IsOfficial;

    /// <summary>A start that fails leaves what has started to the stop of the host.</summary>
    public static bool FailedStartsAreStoppedByTheHost => IsOfficial;

    /// <summary>What an option of zero breaks throws as it may.</summary>
    public static bool ZeroQuantumIsUnchecked => IsOfficial;
}
