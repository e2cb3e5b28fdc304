using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>Finds grain classes and makes the proxies of their interfaces while the host is still being built: on another core, and the start of the silo finds them there.</summary>
internal static class SiloPreparation
{
    /// <summary>Starts it in the background, unless there is only one core.</summary>
    public static void Begin()
    {
        if (Environment.ProcessorCount > 1)
        {
            _ = Task.Run(static () =>
            {
                try
                {
                    PrepareAll();
                }
#pragma warning disable CA1031 // Whatever is wrong with a class is said when it is used, to whoever uses it.
                catch (Exception)
                {
                }
#pragma warning restore CA1031
            });
        }
    }

    /// <summary>Does it.</summary>
    /// <returns>The interfaces that have proxies now.</returns>
    public static IReadOnlyList<Type> PrepareAll()
    {
        Type[] interfaces = [.. GrainClassScanner.FindAll().SelectMany(static type => type.GetInterfaces()).Where(IsOwnInterface).Distinct()];
        foreach (var type in interfaces)
        {
            GrainInterface.Of(type);
        }

        return interfaces;
    }

    // Those that every grain has are not called, and those with arguments only as the classes that have them.
    private static bool IsOwnInterface(Type type) =>
        typeof(IAddressable).IsAssignableFrom(type) && !type.IsGenericType && type.Assembly != typeof(IGrain).Assembly;
}
