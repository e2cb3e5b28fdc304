using Dpark.Broadcasting;

namespace Dpark.Closures;

/// <summary>Where the serializer puts captured values that are too large for a closure. The driver's context implements it. Thread-safe.</summary>
public interface IBroadcastSink
{
    /// <summary>Publishes a value to the application's workers.</summary>
    /// <param name="bytes">A closure of its own, see <see cref="ClosureSerializer.Deserialize"/>. Not changed afterwards.</param>
    /// <param name="description">For logs and the web page, such as <c>Job.Run: 'table' (Dictionary&lt;string, int&gt;)</c>.</param>
    /// <param name="modules">The assemblies that decoding needs.</param>
    /// <returns>The id under which <see cref="IBroadcastSource.GetOrFetch"/> finds it.</returns>
    BroadcastId Add(ReadOnlyMemory<byte> bytes, string description, IReadOnlyList<CodeModule> modules);

    /// <summary>A closure that is being written names a value that was broadcast by hand, so workers must find it. The default is for sinks that keep everything.</summary>
    void Use(BroadcastId broadcast)
    {
    }
}
