using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;

namespace Dpark.Hosting;

/// <summary>Options from a section of the configuration, if there is one.</summary>
internal static class SectionBinder
{
    /// <summary>Sets what the section has. Without such a section nothing is loaded or looked through, which a start need not wait for.</summary>
    public static void Bind(IConfigurationSection section, object options)
    {
        if (section.Exists())
        {
            BindAll(section, options);
        }
    }

    // Apart, so that the binder's assembly is loaded only for that.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BindAll(IConfigurationSection section, object options) => section.Bind(options);
}
