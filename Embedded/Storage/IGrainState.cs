namespace Orleans;

/// <summary>A state on its way between an activation and grain storage.</summary>
public interface IGrainState<T>
{
    /// <summary>The value.</summary>
    T State { get; set; }

    /// <summary>Version of the stored state. Null: nothing is stored.</summary>
    string? ETag { get; set; }

    /// <summary>Whether a state is stored.</summary>
    bool RecordExists { get; set; }
}
