namespace Orleans.Runtime;

/// <summary>Where a silo is in its life.</summary>
[GenerateSerializer, Alias("orleans.SiloStatus")]
public enum SiloStatus
{
    /// <summary>Unknown.</summary>
    None = 0,

    /// <summary>It has a row in the membership table.</summary>
    Created = 1,

    /// <summary>It is about to become active.</summary>
    Joining = 2,

    /// <summary>It hosts grains.</summary>
    Active = 3,

    /// <summary>It leaves gracefully: no new activations, running requests end.</summary>
    ShuttingDown = 4,

    /// <summary>It leaves without waiting.</summary>
    Stopping = 5,

    /// <summary>It has left or is taken for lost. It never comes back with the same address.</summary>
    Dead = 6,
}
