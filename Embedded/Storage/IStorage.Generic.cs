namespace Orleans.Core;

/// <summary>State of one activation in grain storage, with its value. Not thread-safe.</summary>
public interface IStorage<TState> : IStorage
{
    /// <summary>The value. A new one if nothing is stored.</summary>
    TState State { get; set; }
}
